"""A person, and the content release, in FHIR R4 (4.0.1). Pure: plain records in, resources out.

`document` is a summary for reading, `transaction` is for a server, `definitions_bundle` is the content release that
both refer to. What is mapped to what stands in docs/reference/fhir.md.
"""

from upperback.interchange.fhir.bundle import document, person_resources, transaction
from upperback.interchange.fhir.definitions import definition_resources, definitions_bundle
from upperback.interchange.fhir.elements import Bundle, Resource, plain, to_json
from upperback.interchange.fhir.making import Making

__all__ = [
    "Bundle",
    "Making",
    "Resource",
    "definition_resources",
    "definitions_bundle",
    "document",
    "person_resources",
    "plain",
    "to_json",
    "transaction",
]
