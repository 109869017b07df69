"""Reports: one HTML file each, which needs no network and nothing else."""
