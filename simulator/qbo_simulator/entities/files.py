"""Attachable: a note or a file on other objects; and the exchange rate of a day."""

from qbo_simulator.entities.fields import (
    Shape,
    boolean,
    day,
    ignored,
    listed,
    quantity,
    reference,
    text,
    typed_reference,
)
from qbo_simulator.entities.kinds import CREATE, DELETE, META_COLUMNS, READ, UPDATE, Column, EntityType, stored
from qbo_simulator.entities.shapes import BASE, CUSTOM_FIELD

ATTACHABLE_REF = Shape(
    "AttachableRef",
    {
        "EntityRef": typed_reference,
        "LineInfo": text(255),
        "IncludeOnSend": boolean,
        "Inactive": boolean,
        "NoRefOnly": boolean,
        "CustomField": listed(CUSTOM_FIELD),
        "AttachableRefEx": ignored,
    },
)
ATTACHABLE = EntityType(
    name="Attachable",
    shape=Shape(
        "Attachable",
        {
            "FileName": text(1000),
            "FileAccessUri": ignored,
            "TempDownloadUri": ignored,
            "Size": ignored,
            "ContentType": text(100),
            "Category": text(100),
            "Lat": text(100),
            "Long": text(100),
            "PlaceName": text(2000),
            "Note": text(2000),
            "Tag": text(2000),
            "ThumbnailFileAccessUri": ignored,
            "ThumbnailTempDownloadUri": ignored,
            "AttachableEx": ignored,
            **BASE,
            "CustomField": listed(CUSTOM_FIELD),
            "AttachableRef": listed(ATTACHABLE_REF),
        },
    ),
    kind="file",
    operations=frozenset({CREATE, READ, UPDATE, DELETE}),
    sequence="attachables",
    label="Attachable",
    columns={
        **META_COLUMNS,
        "FileName": stored("FileName", "text"),
        "Note": stored("Note", "text"),
        "AttachableRef.EntityRef.type": stored("AttachableRef[0].EntityRef.type", "text"),
        "AttachableRef.EntityRef.value": stored("AttachableRef[0].EntityRef.value", "text"),
    },
)
EXCHANGE_RATE = EntityType(
    name="ExchangeRate",
    shape=Shape(
        "ExchangeRate",
        {
            "SourceCurrencyCode": text(3, 3),
            "TargetCurrencyCode": text(3, 3),
            "Rate": quantity,
            "AsOfDate": day,
            # QBO gives rates no Id: currency and day are their name.
            **{name: reader for name, reader in BASE.items() if name != "Id"},
            "CustomField": listed(CUSTOM_FIELD),
            "AttachableRef": reference,
        },
    ),
    kind="file",
    operations=frozenset(),
    sequence="exchange rates",
    label="exchange rate",
    name_field="SourceCurrencyCode",
    columns={
        "SourceCurrencyCode": Column("name", "text"),
        "AsOfDate": stored("AsOfDate", "date"),
        "MetaData.LastUpdatedTime": Column("updated", "moment"),
    },
    in_cdc=False,
)
