# What one does with a checkout. `make help` lists it. Needs git, make and Python 3.11 to 3.13 with venv; the rest
# comes from PyPI into .venv, each file checked against its hash.

# Where `make run` finds music (several folders: a:b), listens, and keeps what it knows.
MUSIC =
PORT  = 4533
DATA  = ./data
export MUSIC PORT DATA

# Which machine `make image` is for (arm64: Raspberry Pi; amd64: PCs and virtual machines), and where its image will be
# downloaded from, if anywhere.
ARCH      = arm64
IMAGE_URL =

# Which machine `make converge` is to change, and further words for ansible-playbook: --check --diff, --private-key=…
HOST     =
CONVERGE =

# Whoever types `make run` sees the terminal, and is given the first account there.
export TONEARM_SETUP ?= terminal

BIN := .venv/bin
UV  := $(BIN)/uv

# Trust whom this machine trusts, as git and pip do, where it keeps a list: a proxy's certificate may be on it.
export UV_SYSTEM_CERTS := $(if $(wildcard /etc/ssl/certs/*),true,false)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check format format-check lint types imports bench lock clean systemd image image-test image-tools converge

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: .venv/runtime ## set up and serve: make run MUSIC=~/Music PORT=4533 DATA=./data
	@set -f; IFS=:; set -- serve --data-dir "$$DATA" --bind "127.0.0.1:$$PORT"; \
	for folder in $$MUSIC; do \
	    case "$$folder" in "~/"*) folder="$$HOME/$${folder#??}" ;; esac; \
	    set -- "$$@" --music "$$folder"; \
	done; \
	exec $(BIN)/tonearm "$$@"

test: .venv/dev ## set up and run every test, with the coverage gates
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
	@$(BIN)/coverage report --include='appliance/core/*' --fail-under=100

check: format-check lint types imports test ## everything that must hold before a commit

format: .venv/dev ## rewrite the code in its format
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format --quiet

format-check: .venv/dev ## fail if `make format` would change anything
	@$(BIN)/ruff format --check || { echo "Not formatted: run 'make format'."; exit 1; }

lint: .venv/dev ## ruff
	@$(BIN)/ruff check

types: .venv/dev ## mypy
	@$(BIN)/mypy

imports: .venv/dev ## which room may import which
	@$(BIN)/lint-imports --no-logo

systemd: .venv/dev ## build systemd-python, for the tests of what systemd is told (needs libsystemd-dev, pkg-config, gcc)
	@$(UV) pip install $(HERE) --no-deps 'systemd-python>=235'

bench: .venv/dev ## every benchmark, one table each
	@$(BIN)/python -m bench

image: .venv/dev .venv-image/ready ## make the card, as root: make image ARCH=arm64|amd64 IMAGE_URL=https://…
	@$(MAKE_IMAGE)

image-test: image-tools build/image/$(ARCH)/figures.json ## boot the card in a virtual machine, and try it: ARCH=…
	@$(BIN)/python -m image lint --arch $(ARCH)
	@cd ansible && ../.venv-image/bin/ansible-lint --offline
	@$(BIN)/python -m pytest tests/image/boot --image build/image/$(ARCH)/card.img --arch $(ARCH)

converge: .venv/dev .venv-image/ready ## turn a Debian 13 machine into a Tonearm: make converge HOST=root@machine ARCH=amd64
	@test -n "$(HOST)" || { echo "Name the machine: make converge HOST=root@192.168.1.20 ARCH=amd64"; exit 2; }
	@$(BIN)/python -m image wheels --arch $(ARCH)
	@ANSIBLE_CONFIG=ansible/ansible.cfg .venv-image/bin/ansible-playbook ansible/playbook.yml \
	    --inventory '$(lastword $(subst @, ,$(HOST))),' $(if $(findstring @,$(HOST)),--user '$(firstword $(subst @, ,$(HOST)))') \
	    $(if $(filter root@%,$(HOST)),,--become --ask-become-pass) \
	    --extra-vars "tonearm_wheelhouse=$(CURDIR)/build/image/$(ARCH)/wheelhouse" $(CONVERGE)

image-tools: .venv/dev .venv-image/ready ## install, as root, or name what making and booting the card needs
	@$(BIN)/python -m image tools --boot --arch $(ARCH)

lock: .venv/uv ## lock the newest versions that pyproject.toml allows
	@$(LOCK) --group uv --output-file requirements-uv.txt
	@$(LOCK) pyproject.toml --extra embedded --output-file requirements.txt
	@$(LOCK) pyproject.toml --extra embedded --group dev --constraints requirements.txt --output-file requirements-dev.txt
	@$(LOCK) pyproject.toml --constraints requirements.txt --output-file requirements-appliance.txt
	@$(LOCK) --group image --output-file requirements-image.txt

clean: ## remove what was made; music and data stay
	rm -rf .venv .venv-image .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find appliance tests bench -name __pycache__ -prune -exec rm -rf {} +

# For every platform and for the oldest Python at once; no address may get in, since everybody's index is their own.
LOCK = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --custom-compile-command "make lock" --python $(BIN)/python

# --- The card --------------------------------------------------------------------------------------------------------
# Made anew for `make image-test` when anything has changed that goes into it.

MAKE_IMAGE = $(BIN)/python -m image build --arch $(ARCH) $(if $(IMAGE_URL),--url '$(IMAGE_URL)')

build/image/$(ARCH)/figures.json: $(shell find image ansible appliance -type f ! -name '*.pyc' 2>/dev/null) \
    requirements-appliance.txt pyproject.toml | .venv/dev .venv-image/ready
	@$(MAKE_IMAGE)

# --- The environment -------------------------------------------------------------------------------------------------
# Three stamps, each a file in .venv: uv is there; what the server needs is there; what developing needs is there. The
# last holds all of the second, and says so, so that running and testing in turn installs nothing twice.

.venv/dev: .venv/uv requirements-dev.txt pyproject.toml
	@echo "Installing what Tonearm and its tests need…"
	@$(UV) pip sync $(HERE) --require-hashes requirements-dev.txt
	@$(INSTALL_TONEARM)
	@touch .venv/runtime $@

.venv/runtime: .venv/uv requirements.txt pyproject.toml
	@echo "Installing what Tonearm needs…"
	@rm -f .venv/dev
	@$(UV) pip sync $(HERE) --require-hashes requirements.txt
	@$(INSTALL_TONEARM)
	@touch $@

# Editable, and built by the uv that is locked: its own build backend is inside it.
INSTALL_TONEARM = $(UV) pip install $(HERE) --no-deps --offline --editable .
# Named, since uv would follow another environment that is active in the shell.
HERE = --quiet --python $(BIN)/python

# Ansible and what goes with it, apart from all else: it is larger than Tonearm and its tests together.
.venv-image/ready: .venv/uv requirements-image.txt
	@echo "Installing what makes the card…"
	@$(UV) venv --quiet --clear --python $(BIN)/python .venv-image
	@$(UV) pip sync --quiet --python .venv-image/bin/python --require-hashes requirements-image.txt
	@touch $@

.venv/uv: requirements-uv.txt
	@python=$$($(FIND_PYTHON)); \
	test -n "$$python" || { echo "$$NO_PYTHON" >&2; exit 1; }; \
	echo "Preparing .venv with $$("$$python" --version)…"; \
	"$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

# The first Python that runs and can make environments, newest supported first. Running it is the test: a shim of
# pyenv may be on the path and refuse, and Debian splits ensurepip off. `make PYTHON=…` decides otherwise.
FIND_PYTHON = for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	(IFS=:; for folder in $$PATH; do echo "$$folder/$$name"; done; command -v "$$name"; \
	    ls -d "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/*/bin/"$$name" 2>/dev/null) | while read -r candidate; do \
	    "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	        </dev/null && { echo "$$candidate"; break; }; \
	done; \
done | head -n 1

define NO_PYTHON
Tonearm needs Python 3.11, 3.12 or 3.13 with its venv module, and found none that runs.
  Debian, Ubuntu, Raspberry Pi OS:  sudo apt install python3-venv
  elsewhere:                        install Python 3.13, or name one: make PYTHON=/path/to/python3 …
endef
export NO_PYTHON
