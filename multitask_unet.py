r"""The mission document's second program: train the multi-task U-Net, or try it on images.

python multitask_unet.py --mode train --dataset_path Dataset_BUSI_with_GT --epochs 50 \
    --batch_size 16
python multitask_unet.py --mode live_demo

All of it is in `sonolesion`; `sonolesion train --help` and `sonolesion predict --help` show more.
"""

from sonolesion.cli.mission import unet_app

if __name__ == "__main__":
    unet_app()
