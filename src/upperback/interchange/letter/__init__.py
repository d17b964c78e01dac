"""A letter about a person for who treats them, or about a desk for who owns it: plain parts, set as PDF/UA."""

from upperback.interchange.letter.clinical import clinical_letter
from upperback.interchange.letter.desk import desk_letter
from upperback.interchange.letter.language import letter_wording, said_letter
from upperback.interchange.letter.pdf import to_pdf, to_pictures
from upperback.interchange.letter.records import READERS, Letter, Reader

__all__ = [
    "READERS",
    "Letter",
    "Reader",
    "clinical_letter",
    "desk_letter",
    "letter_wording",
    "said_letter",
    "to_pdf",
    "to_pictures",
]
