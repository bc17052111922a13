"""The mission document's first program: prepare BUSI, or verify what was prepared.

python data_preparation.py --dataset_path Dataset_BUSI_with_GT [--verify]

All of it is in `sonolesion`; `sonolesion prepare --help` shows more.
"""

from sonolesion.cli.mission import prepare_app

if __name__ == "__main__":
    prepare_app()
