# Every target makes .venv itself on first use, with all extras, so that no test is left out.
# PYTHON=python3.12 chooses another interpreter (3.11 or newer).
PYTHON ?= python3
CONFIG ?= config.yaml
CORPUS ?= $(or $(WATCHER_CORPUS),../shared/corpus)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LONG := bench/soak.py bench/daemon.py bench/growth.py bench/startup.py bench/page_store.py bench/web_memory.py bench/nodes.py bench/scale.py
RELEASE := build/release
RUNTIME := build/runtime
API := build/api
# Files that are built have the time of the last commit, so that two builds of one commit are equal.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)
# Tests start hundreds of processes: without compiled files each of them would compile what it imports once more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo run test test-fast lint style types contracts bench api crash hostile mutation upgrades soak preview pictures packs learned constraints lock wheel deb try-deb sbom release clean

demo: $(READY)  ## the whole walk on this machine alone, with sample feeds
	@$(BIN)/watcher demo --output demo-output

run: $(READY)  ## the daemon, with CONFIG (config.yaml)
	@exec $(BIN)/watcher run --config $(CONFIG)

test: $(READY)  ## all tests; ARGS="-k fold" chooses some
	$(BIN)/pytest --numprocesses 4 --dist loadscope --no-loadscope-reorder -r fEs $(ARGS)

test-fast: $(READY)  ## the tests of the packages by themselves, in about a minute
	$(BIN)/pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder -m "not slow" -r fEs $(ARGS)

lint: style types contracts  ## all that can be said without running the program

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy --strict

contracts: $(READY)
	$(BIN)/lint-imports

bench: $(READY)  ## speed beside peers or limits of the same run, and the quality of matching; needs CORPUS
	@for bench in $(filter-out $(LONG),$(wildcard bench/*.py)); do echo "== $$bench"; PYTHONPATH=. $(BIN)/python $$bench || exit 1; done
	@echo "== bench/quality/muc.yaml"
	@$(BIN)/watcher evaluate --config bench/quality/muc.yaml --entries $(CORPUS)/muc-dev.jsonl

api: $(READY) $(API)/.ready  ## requests that Schemathesis makes up of the API's description; no answer may differ from it
	$(BIN)/python -m tests.web.fuzz_api $(API)/bin/schemathesis $(ARGS)

crash: $(READY)  ## kill, freeze and starve the daemon for about an hour; count what is lost or doubled
	$(BIN)/python -m tests.crash.full_run $(ARGS)

hostile: $(READY)  ## what hostile documents, pages, lists, servers, names and texts cost, beside the limits
	$(BIN)/python -m tests.hostile.full_run $(ARGS)
	$(BIN)/python -m tests.hostile.texts

mutation: $(READY)  ## feeds of CORPUS whose publishers change ids, links, dates and order: what is lost or repeated
	$(BIN)/python -m tests.mutation.full_run $(ARGS)

upgrades: $(READY)  ## stores of every released schema, with 100,000 entries: backup, kills, upgrade, restore; some minutes
	$(BIN)/python -m tests.crash.upgrades $(ARGS)

soak: $(READY)  ## forty minutes of steady load: memory, latency and the write-ahead log stay flat
	PYTHONPATH=. $(BIN)/python bench/soak.py $(ARGS)

preview: $(READY)  ## pictures of the digest: two widths, light and dark, Latin and Arabic; needs chromium
	$(BIN)/python bench/live/preview.py preview-output

pictures: $(READY)  ## pictures of the pages for docs/web.md; needs chromium
	$(BIN)/python bench/live/pictures.py

packs: $(READY)  ## watcher/library/compiled: the packs in a form that is read quickly; after each change of one
	$(BIN)/python -m watcher.config.packs

learned: $(READY)  ## watcher/library/learned: the packs' regressions; after a change of examples or judged entries
	$(BIN)/python bench/quality/learned.py

constraints: $(READY)  ## newest versions of everything, written down in constraints.txt
	$(BIN)/pip install --quiet --upgrade --upgrade-strategy eager pip --editable '.[all]' --group dev
	$(BIN)/pip freeze --all --exclude-editable | grep -v '^setuptools==' > constraints.txt
	@touch $(READY)

lock: $(READY)  ## requirements.lock: constraints.txt with the hashes of the files for this platform
	$(BIN)/pip install --quiet --dry-run --ignore-installed --constraint constraints.txt \
		--build-constraint constraints.txt --report lock-report.json '.[all]' hatchling
	$(BIN)/python .ci/lock.py <lock-report.json >requirements.lock
	@rm lock-report.json

wheel: $(READY)  ## dist/*.whl and dist/*.tar.gz
	rm -f dist/watcher_news-*
	$(BIN)/hatchling build -d dist

deb: wheel  ## dist/*.deb, for the Debian release that this runs on; needs dpkg-deb and Debian's python3
	rm -f dist/watcher-news_*
	PIP=$(BIN)/pip packaging/build-deb.sh dist/watcher_news-*.whl constraints.txt dist

try-deb: deb  ## installs, starts, upgrades and purges the Debian package in a copy of the root; changes nothing
	packaging/try-deb.sh dist/watcher-news_*.deb

sbom: wheel $(RELEASE)/.ready  ## dist/*.cdx.json: what an installation with all extras has in it, as CycloneDX
	$(PYTHON) -m venv --clear $(RUNTIME)
	cd dist && ../$(RUNTIME)/bin/pip install --quiet --constraint ../constraints.txt "$$(echo watcher_news-*.whl)[all]"
	find $(RUNTIME) -name direct_url.json -delete  # it has the path of this folder
	$(RELEASE)/bin/cyclonedx-py environment --output-reproducible --of JSON \
		-o "$$(echo dist/watcher_news-*.whl | sed 's/-py3.*/.cdx.json/')" $(RUNTIME)/bin/python

release: wheel deb sbom  ## everything that is published, with checksums in dist/SHA256SUMS
	cd dist && sha256sum watcher*news* > SHA256SUMS && cat SHA256SUMS

clean:  ## forgets .venv, caches and what the demo wrote
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache demo-output preview-output build dist

# The pip that comes with Python 3.11 does not know dependency groups yet.
$(READY): Makefile pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt --build-constraint constraints.txt \
		--editable '.[all]' --group dev
	@$(BIN)/python -m compileall -q watcher
	@touch $@

$(API)/.ready: Makefile pyproject.toml
	$(PYTHON) -m venv $(API)
	$(API)/bin/pip install --quiet --upgrade pip
	$(API)/bin/pip install --quiet --group api
	@touch $@

$(RELEASE)/.ready: Makefile pyproject.toml
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/pip install --quiet --upgrade pip
	$(RELEASE)/bin/pip install --quiet --group release
	@touch $@
