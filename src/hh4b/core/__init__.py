"""What every room uses: errors, logs, seeds, files and their contracts, kinematics, digests."""
