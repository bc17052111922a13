"""`python -m sonolesion` is the command `sonolesion`."""

from sonolesion.cli.start import main

main()
