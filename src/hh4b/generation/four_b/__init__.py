"""pp -> b b~ b b~ in leading-order QCD: matrix elements, phase space, cross section, events."""
