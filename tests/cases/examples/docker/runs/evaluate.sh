#!/bin/sh
# runs.evaluate (docker), compiled from project.yaml
# As it could be typed in the project's folder.
set -eu
exec docker run \
  --cpus 1 \
  --label purpose=example \
  --memory 1g \
  --network none \
  --read-only \
  --rm \
  --tmpfs /tmp \
  --volume ./train:/work:ro \
  --volume launchctl-example-digits:/models \
  --workdir /work \
  --name runs-evaluate-431f549bf9 \
  --label launchctl.dev/project=digits \
  --label launchctl.dev/entity= \
  --label launchctl.dev/workspace=default \
  --label launchctl.dev/address=runs.evaluate \
  --label launchctl.dev/generation=1 \
  --label launchctl.dev/attempt=1 \
  --label launchctl.dev/run-id=runs-evaluate-431f549bf9 \
  --label wandb.ai/run-id=runs-evaluate-431f549bf9 \
  --env PYTHONUNBUFFERED=1 \
  --env MODEL=/models/digits.joblib \
  --env WANDB_BASE_URL=https://api.wandb.ai \
  --env WANDB_PROJECT=digits \
  --env WANDB_LAUNCH=True \
  --env WANDB_RUN_ID=runs-evaluate-431f549bf9 \
  --env WANDB_DOCKER=launchctl-example:local \
  --env WANDB_NAME=evaluate \
  --env WANDB_LAUNCH_QUEUE_NAME=box \
  --env 'WANDB_CONFIG={"model":{"C":10,"gamma":0.001},"seed":7,"test_share":0.25}' \
  --env 'WANDB_LAUNCH_FILE_OVERRIDES={}' \
  --env 'WANDB_ARTIFACTS={}' \
  --entrypoint python \
  launchctl-example:local \
  evaluate.py --digit 8
