"""Lists that documents are sorted by: Class, Department, CustomerType; and CompanyCurrency."""

from qbo_simulator.entities.fields import Shape, boolean, ignored, listed, reference, text
from qbo_simulator.entities.kinds import (
    CREATE,
    EDITABLE,
    LIST_COLUMNS,
    META_COLUMNS,
    READ,
    UPDATE,
    Column,
    EntityType,
    stored,
)
from qbo_simulator.entities.shapes import ADDRESS, BASE, CUSTOM_FIELD

_TREE_COLUMNS = {**LIST_COLUMNS, "FullyQualifiedName": Column("full_name", "text")}

CLASS = EntityType(
    name="Class",
    shape=Shape(
        "Class",
        {
            "Name": text(100),
            "SubClass": boolean,
            "ParentRef": reference,
            "FullyQualifiedName": ignored,
            "Active": boolean,
            "ClassEx": ignored,
            **BASE,
            "AttachableRef": ignored,
        },
    ),
    kind="list",
    operations=EDITABLE,
    sequence="classes",
    label="class",
    reference_kind="Klasses",
    name_field="Name",
    name_space="classes",
    columns=_TREE_COLUMNS,
    default_order="full_name, id",
)
DEPARTMENT = EntityType(
    name="Department",
    shape=Shape(
        "Department",
        {
            "Name": text(100),
            "SubDepartment": boolean,
            "ParentRef": reference,
            "FullyQualifiedName": ignored,
            "Active": boolean,
            "Address": ADDRESS,
            "DepartmentEx": ignored,
            **BASE,
            "AttachableRef": ignored,
        },
    ),
    kind="list",
    operations=EDITABLE,
    sequence="departments",
    label="location",
    reference_kind="Depts",
    name_field="Name",
    name_space="departments",
    columns=_TREE_COLUMNS,
    default_order="full_name, id",
)
CUSTOMER_TYPE = EntityType(
    name="CustomerType",
    shape=Shape("CustomerType", {"Name": text(100), "Active": boolean, **BASE}),
    kind="list",
    operations=frozenset({READ}),
    sequence="customer types",
    label="customer type",
    reference_kind="CustomerTypes",
    name_field="Name",
    name_space="customer types",
    columns=LIST_COLUMNS,
    default_order="name, id",
)
COMPANY_CURRENCY = EntityType(
    name="CompanyCurrency",
    shape=Shape(
        "CompanyCurrency",
        {"Code": text(3, 3), "Name": text(100), "Active": boolean, **BASE, "CustomField": listed(CUSTOM_FIELD)},
    ),
    kind="list",
    operations=frozenset({CREATE, READ, UPDATE}),
    sequence="currencies",
    label="currency",
    reference_kind="Currencies",
    name_field="Code",
    name_space="currencies",
    columns={
        **META_COLUMNS,
        "Code": Column("name", "text"),
        "Name": stored("Name", "text"),
        "Active": Column("active", "bool"),
    },
    default_order="name, id",
)
