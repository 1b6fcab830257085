"""`python -m shareornot`: the same as the command `shareornot`."""

from shareornot.cli import main

if __name__ == "__main__":
    main()
