#!/bin/sh
# sweeps.tune[0] (process), compiled from project.yaml
# What apply starts as a process, in a copy of the code that it takes first. By hand: sh FILE, in the project's folder.
cd .launchctl/runs/sweeps-tune-0-ffc16fab39/work || exit
mkdir -p wandb/sweep-tune && printf %s '{"wandb_version": 1,
"activation": {"value": "tanh"},
"batch_size": {"value": 128},
"learning_rate": {"value": 3.45739846463e-05},
"network": {"value": {"penalty": 8.73559791441e-05, "width": 24}}}
' > wandb/sweep-tune/config-sweeps-tune-0-ffc16fab39.yaml || exit
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
  OMP_NUM_THREADS=1 \
  OPENBLAS_NUM_THREADS=1 \
  WANDB_BASE_URL=https://api.wandb.ai \
  WANDB_PROJECT=digits \
  WANDB_LAUNCH=True \
  WANDB_RUN_ID=sweeps-tune-0-ffc16fab39 \
  WANDB_NAME=tune-0 \
  WANDB_LAUNCH_QUEUE_NAME=local \
  'WANDB_CONFIG={"activation":"tanh","batch_size":128,"epochs":27,"learning_rate":3.45739846463e-05,"network":{"penalty":8.73559791441e-05,"width":24},"seed":0}' \
  'WANDB_LAUNCH_FILE_OVERRIDES={}' \
  'WANDB_ARTIFACTS={}' \
  WANDB_SWEEP_PARAM_PATH="$PWD"/wandb/sweep-tune/config-sweeps-tune-0-ffc16fab39.yaml \
  python train.py
