"""The machine: systemd, the journal, the boot partition's file, the screen on HDMI, and what only root may change."""
