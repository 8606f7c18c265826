"""Rules of Attachable: notes and files, and what they are attached to."""

from qbo_simulator.books import Books, Record
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.registry import BY_FOLDED_NAME
from qbo_simulator.errors import business, missing
from qbo_simulator.rules.base import Rules, merged
from qbo_simulator.wire import Json

# What QBO knows about a file itself; no caller can change it.
OF_THE_FILE = ("FileName", "FileAccessUri", "TempDownloadUri", "Size", "ContentType")


class AttachableRules(Rules):
    """A note, or the description of an uploaded file."""

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """A note on one or more objects; a file comes through ``/upload``."""
        document = self.entity.shape.read(raw)
        if "Note" not in document and "FileName" not in document:
            raise missing("Note")
        _settle_references(books, document)
        return books.insert(self.entity, document)

    def upload(self, books: Books, raw: Json, content: bytes, content_type: str, base_url: str) -> Record:
        """Store a file with its description."""
        document = self.entity.shape.read(raw)
        if "FileName" not in document:
            raise missing("FileName")
        _settle_references(books, document)
        own_id = books.next_id(self.entity.sequence)
        document |= {
            "FileAccessUri": f"/v3/company/{books.company.realm_id}/download/{own_id}",
            "TempDownloadUri": f"{base_url}/files/{books.company.realm_id}/{own_id}",
            "Size": len(content),
        }
        document.setdefault("ContentType", content_type)
        books.database.execute(
            "insert into files (company, id, content) values (?, ?, ?)", (books.company.key, own_id, content)
        )
        return books.insert(self.entity, document, id=own_id)

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """Another note, other references; the file stays what it is."""
        document = merged(self.entity, record.document, raw, OF_THE_FILE)
        document |= {name: record.document[name] for name in OF_THE_FILE if name in record.document}
        _settle_references(books, document)
        return books.replace(record, document)

    def delete(self, books: Books, record: Record) -> None:
        """The file goes with its description."""
        books.database.execute("delete from files where company = ? and id = ?", (books.company.key, record.id))
        books.delete(record)


def _settle_references(books: Books, document: Json) -> None:
    for one in document.get("AttachableRef", []):
        reference = one.get("EntityRef", {})
        kind, value = reference.get("type", ""), reference.get("value", "")
        entity, number = BY_FOLDED_NAME.get(kind.lower()), object_id(value)
        if entity is None or number is None or books.find(entity, number) is None:
            raise business(f"The entity {kind} {value} that you are trying to link does not exist. {kind} {value}")
        reference["type"] = entity.name
        one["EntityRef"] = {"value": value, "type": entity.name}
        one.setdefault("IncludeOnSend", False)
