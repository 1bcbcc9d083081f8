"""Files of other tools -> scenarios, with a list of all that was not carried over.

imported = import_file("shop.postman_collection.json")
print(imported.to_yaml())

One module per format; `formats` says what such a module has to offer.
"""

from kilobar.importers.importing import import_bytes, import_file
from kilobar.importers.outcome import Imported, ImportFailed, Note, Notes, Options

__all__ = ["ImportFailed", "Imported", "Note", "Notes", "Options", "import_bytes", "import_file"]
