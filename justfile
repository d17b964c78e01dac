# The list of recipes is the manual: `just --list`. Without just on the machine: `python3 dev.py just RECIPE`.

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

# show this list
default:
    @just --list --unsorted

# start the app in this environment; arguments go to `upperback serve`
run *args:
    upperback serve {{ args }}

# format, lint, types, import rules, content
check: check-format check-lint check-types check-imports check-content

# is everything formatted?
check-format:
    ruff format --check .

# lint: likely bugs, security, clock and chance in the pure part, docstrings of care and sensing
check-lint:
    ruff check .

# types, strict, tests too
check-types:
    UPPERBACK_DATA={{ justfile_directory() / ".venv" / "check-data" }} mypy

# who may import whom
check-imports:
    lint-imports --no-logo

# schema, references, units, cases and reviews of the clinical content
check-content:
    upperback check-content

# mend what can be mended automatically
fix:
    ruff check --fix .
    ruff format .

# the fast tests: unit, spec, contract, integration
test *args:
    pytest -n auto tests/unit tests/spec tests/contract tests/integration {{ args }}

# laws on generated input: monotone triage, replay, round trips, permissions
test-property *args:
    pytest -n auto tests/property {{ args }}

# one suite over several implementations
test-contract *args:
    pytest -n auto tests/contract {{ args }}

# a service: accounts, sessions, who may see what, in a process with its settings
test-service *args:
    UPPERBACK_TEST_SERVICE=1 pytest -n 0 tests/service {{ args }}

# the tests of a service, on a PostgreSQL that is started for them and gone afterwards
postgres *args:
    UPPERBACK_TEST_SERVICE=1 python tools/with_postgres.py pytest -n 0 tests/service {{ args }}

# who may see what: every page by everybody in every state, and the table of clauses left out
access-matrix:
    UPPERBACK_TEST_SERVICE=1 pytest -n 0 -m '' tests/service/test_access_matrix.py -k whole

# journeys and accessibility in a real browser
test-browser *args:
    pytest tests/browser {{ args }}

# everything that `python3 dev.py test` runs
test-all *args:
    pytest -n auto {{ args }}

# proofs and campaigns that take minutes to hours
proofs-long *args:
    pytest -m long {{ args }}

# damaged and hostile recordings, INPUTS for each format, 10,000 unless said otherwise
fuzz *args:
    python -W error -m tests.property.recordings_fuzz {{ args }}

# damaged and hostile FHIR bundles and archives: INPUTS of each, 10,000 unless said otherwise
sharing-fuzz *args:
    python -W error -m tests.property.sharing_fuzz {{ args }}

# invented people day by day through the decisions of care: PERSON-MONTHS, 100,000 unless said otherwise, both cores
histories *args:
    python -W error -m tests.property.histories {{ args }}

# lines that fail and servers that are killed under worn sensors: RUNS, 10,000 unless said otherwise
live-faults runs="10000":
    UPPERBACK_LIVE_RUNS={{ runs }} pytest -q -s -n 0 -m long tests/property/test_live_faults.py

# every branch of triage and plan is tested, or this fails
coverage:
    coverage erase
    UPPERBACK_LAW_STATES=20000 coverage run -m pytest tests/unit/care tests/spec tests/contract tests/property/test_law.py
    coverage report --include='src/upperback/care/triage/*,src/upperback/care/plan/*' --fail-under=100

# every text that tries to run, through every text field of every page, in a browser: hours; rounds FIRST:END of 204
typed rounds=":":
    UPPERBACK_TYPED={{ rounds }} pytest -q -s -n 0 -m long tests/browser/test_typed.py

# time budgets, with the machine written down
bench *args:
    for file in tests/bench/bench_*.py; do python -m "tests.bench.$(basename "$file" .py)" {{ args }}; done

# how many wearers a core serves live; `load`, `restart` or `abuse` and options, e.g. load --wearers 5000 --seconds 600
bench-live *args:
    python -m tests.bench.bench_live {{ args }}

# how near the figures are to the truth: reference recordings (where they are) and simulated wearers
validate:
    for file in validation/[a-z]*.py; do python -m "validation.$(basename "$file" .py)"; done

# an environment with other people's software, for the benchmarks that compare with it
peers:
    uv venv --quiet --allow-existing --python .venv/bin/python .peers-venv
    uv pip install --quiet --python .peers-venv -r tools/peers.txt

# the pictures in the documentation, taken from the running app
screenshots:
    UPPERBACK_SCREENSHOTS=docs/images pytest -m '' tests/browser -k screenshots

# pictures of every page in every state, light, dark, small, wide and printed, into test-results/gallery
gallery *args:
    UPPERBACK_GALLERY=test-results/gallery pytest -m '' tests/browser/test_gallery.py {{ args }}

# every page in every state on small screens, in large text, in German and from right to left; a service's pages and axe
fits *args:
    pytest -m long tests/browser/test_fits.py {{ args }}

# our forms in a reader of others, LHC-Forms; UPPERBACK_LFORMS is the folder with its package, without it a line says how
forms-elsewhere *args:
    pytest -m long tests/browser/test_forms_elsewhere.py {{ args }}

# fetch the browser packages again and copy what the pages need
assets:
    python tools/assets.py --dev

# pin every dependency again: Python (hashes, no addresses) and npm (no addresses)
lock *args:
    uv lock {{ args }}
    uv export --quiet --frozen --no-header --no-annotate --no-emit-project --no-default-groups --extra build --extra recordings --output-file requirements.lock
    uv export --quiet --frozen --no-header --no-annotate --no-emit-project --no-default-groups --extra dev --output-file requirements-dev.lock
    npm install --package-lock-only --ignore-scripts
    python tools/assets.py --check-locks

# a wheel with the browser files inside
wheel:
    python tools/assets.py --dev
    upperback check-content
    uv build --wheel --no-build-isolation

# compile the sensing kernel again, in place
kernel:
    python hatch_build.py
