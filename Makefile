# Every target is one galen command; `make setup` makes what it needs. Nothing is written outside this folder.
MODEL ?= tiny
DATA  ?=
SEED  ?= 0
OUT   ?=
SET   ?=
SIZE  ?= default
METHOD ?= grpo
POLICY ?= $(MODEL)
SCALE ?= tiny
GPUS  ?= 1
galen := .venv/bin/galen
args   = --model $(MODEL) --seed $(SEED) $(if $(DATA),--data $(DATA)) $(if $(OUT),--out $(OUT)) $(foreach s,$(SET),--set $(s))

.PHONY: help setup test lint data eval tables sweep reproduce plan base doctor images validate hack audit attack clean
help:            ; @grep -E '^[a-z-]+: .*##' Makefile | sed 's/:.*## /\t/'
setup:           ; @scripts/setup.sh
test: setup ## run every test, two at a time (with more threads each would wait for the other's)
	OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
lint: setup ## ruff and pyright
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/pyright
data: setup ## write the task folder (DATA=, SEED=, SIZE=a file of configs/tasks/)
	$(galen) data $(if $(DATA),$(DATA)) --seed $(SEED) --size $(SIZE)
train-sft: ## demonstrations, SFT, table
train-grpo: ## the main job: demonstrations, SFT, GRPO, table
train-all: ## demonstrations, SFT, then DPO, PPO and GRPO each from it, table
train-%: setup ## any file of configs/train/: train-dpo, train-ppo, train-verifier
	$(galen) train $* $(args)
eval: setup ## scores of any policy (POLICY=a checkpoint, preset, hub id, URL or scripted; DATA=, SET=, OUT=)
	$(galen) eval $(POLICY) --seed $(SEED) $(if $(DATA),--data $(DATA)) $(if $(OUT),--out $(OUT)) $(foreach s,$(SET),--set $(s))
tables: setup ## the paper's tables from stored results (DATA=, OUT=)
	$(galen) tables $(if $(DATA),--data $(DATA)) $(if $(OUT),--out $(OUT))
sweep: setup ## a grid of runs, a file of configs/sweeps/ (SWEEP=, OUT=, ARGS=--plan)
	$(galen) sweep $(SWEEP) $(if $(OUT),--out $(OUT)) $(ARGS)
reproduce: setup ## the whole study to one report, a file of configs/studies/ (SCALE=, OUT=, ARGS=--plan)
	$(galen) reproduce $(SCALE) $(if $(OUT),--out $(OUT)) $(ARGS)
plan: setup ## memory, settings and hours of a recipe on GPUs (MODEL=, METHOD=, GPUS=, GPU_MEMORY=)
	$(galen) plan --model $(MODEL) --method $(METHOD) --gpus $(GPUS) $(if $(GPU_MEMORY),--gpu-memory $(GPU_MEMORY)) $(foreach s,$(SET),--set $(s))
base: setup ## pre-train the tiny base model again
	$(galen) pretrain --seed $(SEED)
doctor: setup ## what this machine can do
	$(galen) doctor
images: setup ## build the sandbox images at the Docker engine
	$(galen) sandbox build
validate: setup ## prove every oracle on every instance (DATA=)
	$(galen) validate $(DATA)
hack: setup ## cheat on every family; none may pass (DATA=, BACKEND=)
	$(galen) hack $(DATA) $(if $(BACKEND),--backend $(BACKEND))
audit: setup ## what the test split shares with training (DATA=)
	$(galen) audit $(DATA)
attack: setup ## try to break out of the sandbox (BACKEND=)
	$(galen) sandbox attack $(if $(BACKEND),--backend $(BACKEND))
clean: ; rm -rf runs .pytest_cache .ruff_cache
