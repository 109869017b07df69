"""OpenVINO's compiled graphs without torch: compiled, kept on the disk, read ahead."""
