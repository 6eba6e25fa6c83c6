"""The server as a sandbox gets it: this package's modules as the package `fhir`, beside a base file."""

from pathlib import Path

MODULES = ("capability", "dates", "elements", "outcome", "parameters", "rules", "search", "server", "store")


def write(folder: Path) -> None:
    """Write the package `fhir` into `folder`, which a sandbox shows on its path."""
    here, package = Path(__file__).parent, folder / "fhir"
    package.mkdir(parents=True)
    for name in MODULES:
        (package / f"{name}.py").write_bytes((here / f"{name}.py").read_bytes())
    (package / "__init__.py").write_bytes((here / "client.py").read_bytes())
