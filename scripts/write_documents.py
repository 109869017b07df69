"""Write the documents that are generated from the code: ``python scripts/write_documents.py``.

Tests in test/docs compare them with the code.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from documents.command_line import command_line_document  # noqa: E402
from documents.interface import interface_document  # noqa: E402
from documents.parameters_file import parameters_file  # noqa: E402
from documents.reliability import reliability_document  # noqa: E402

DOCUMENTS = {
    "config/amdanet.yaml": parameters_file,
    "docs/interface.md": interface_document,
    "docs/command_line.md": command_line_document,
    "docs/reliability.md": reliability_document,
}

if __name__ == "__main__":
    for name, document in DOCUMENTS.items():
        (ROOT / name).write_text(document(), encoding="utf-8")
        print(name)
