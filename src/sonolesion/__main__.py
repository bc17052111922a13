"""`python -m sonolesion` is the command `sonolesion`."""

from sonolesion.cli.app import main

main()
