"""Errors as FHIR tells them: an HTTP status and an OperationOutcome."""

from typing import Any


class FhirError(Exception):
    """A request that is refused. `code` is of FHIR's value set issue-type; `where` a FHIRPath."""

    def __init__(self, status: int, code: str, text: str, where: str = "") -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.where = status, code, text, where

    def resource(self) -> dict[str, Any]:
        """The OperationOutcome."""
        issue: dict[str, Any] = {"severity": "error", "code": self.code, "diagnostics": self.text}
        if self.where:
            issue["expression"] = [self.where]
        return {"resourceType": "OperationOutcome", "issue": [issue]}
