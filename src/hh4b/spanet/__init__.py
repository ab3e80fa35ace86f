"""SPANet2: symmetry-preserving attention network for assignment and classification."""
