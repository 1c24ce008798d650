"""滨海市: a made-up city whose data estate the demo builds, governs and is tested against."""
