#!/bin/sh
# runs.baseline (process), compiled from project.yaml
# What apply starts as a process, in a copy of the code that it takes first. By hand: sh FILE, in the project's folder.
cd .launchctl/runs/runs-baseline-72ec21ebd3/work || exit
exec env -i \
  ${PATH+"PATH=$PATH"} \
  ${HOME+"HOME=$HOME"} \
  ${LANG+"LANG=$LANG"} \
  ${TMPDIR+"TMPDIR=$TMPDIR"} \
  ${VIRTUAL_ENV+"VIRTUAL_ENV=$VIRTUAL_ENV"} \
  ${LC_ALL+"LC_ALL=$LC_ALL"} \
  ${LC_COLLATE+"LC_COLLATE=$LC_COLLATE"} \
  ${LC_CTYPE+"LC_CTYPE=$LC_CTYPE"} \
  ${LC_MESSAGES+"LC_MESSAGES=$LC_MESSAGES"} \
  ${LC_MONETARY+"LC_MONETARY=$LC_MONETARY"} \
  ${LC_NUMERIC+"LC_NUMERIC=$LC_NUMERIC"} \
  ${LC_TIME+"LC_TIME=$LC_TIME"} \
  ARTIFACTS=../../../../artifacts \
  WANDB_BASE_URL=https://api.wandb.ai \
  WANDB_PROJECT=digits \
  WANDB_LAUNCH=True \
  WANDB_RUN_ID=runs-baseline-72ec21ebd3 \
  WANDB_NAME=baseline \
  WANDB_LAUNCH_QUEUE_NAME=local \
  'WANDB_CONFIG={"C":10.0,"gamma":0.1,"seed":0}' \
  'WANDB_LAUNCH_FILE_OVERRIDES={}' \
  'WANDB_ARTIFACTS={}' \
  python train.py
