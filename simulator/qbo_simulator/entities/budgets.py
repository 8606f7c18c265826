"""Budgets, which people make in QuickBooks and programs only read."""

from qbo_simulator.entities.fields import Shape, amount, boolean, choice, day, listed, reference, text
from qbo_simulator.entities.kinds import LIST_COLUMNS, READ, EntityType, stored
from qbo_simulator.entities.shapes import BASE

_DETAIL = Shape(
    "BudgetDetail",
    {
        "BudgetDate": day,
        "Amount": amount,
        "AccountRef": reference,
        "CustomerRef": reference,
        "ClassRef": reference,
        "DepartmentRef": reference,
    },
)
BUDGET = EntityType(
    name="Budget",
    shape=Shape(
        "Budget",
        {
            "Name": text(100),
            "StartDate": day,
            "EndDate": day,
            "BudgetType": choice("ProfitAndLoss"),
            "BudgetEntryType": choice("Monthly", "Quarterly", "Annually"),
            "Active": boolean,
            "BudgetDetail": listed(_DETAIL),
            **BASE,
        },
    ),
    kind="list",
    operations=frozenset({READ}),
    sequence="budgets",
    label="budget",
    name_field="Name",
    columns={
        **LIST_COLUMNS,
        "StartDate": stored("StartDate", "date"),
        "EndDate": stored("EndDate", "date"),
        "BudgetType": stored("BudgetType", "text"),
    },
    default_order="name, id",
)
