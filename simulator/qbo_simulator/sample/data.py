# ruff: noqa: E501 - one row of a table per line
"""The lists of a new company, by the public shape of Intuit's landscaping sample; ids as they are there."""

# id, name, type, subtype, account above it
ACCOUNTS = (
    (1, "Services", "Income", "ServiceFeeIncome"),
    (2, "Retained Earnings", "Equity", "RetainedEarnings"),
    (3, "Prepaid Expenses", "Other Current Asset", "PrepaidExpenses"),
    (4, "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    (7, "Advertising", "Expense", "AdvertisingPromotional"),
    (8, "Bank Charges", "Expense", "BankCharges"),
    (13, "Meals and Entertainment", "Expense", "EntertainmentMeals"),
    (15, "Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses"),
    (17, "Rent or Lease", "Expense", "RentOrLeaseOfBuildings"),
    (20, "Supplies Expense", "Expense", "SuppliesMaterials"),
    (22, "Travel", "Expense", "Travel"),
    (24, "Utilities", "Expense", "Utilities"),
    (33, "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    (34, "Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    (35, "Checking", "Bank", "Checking"),
    (36, "Savings", "Bank", "Savings"),
    (37, "Truck", "Fixed Asset", "Vehicles"),
    (38, "Original Cost", "Fixed Asset", "Vehicles", 37),
    (39, "Depreciation", "Fixed Asset", "AccumulatedDepreciation", 37),
    (41, "Mastercard", "Credit Card", "CreditCard"),
    (42, "Visa", "Credit Card", "CreditCard"),
    (43, "Loan Payable", "Other Current Liability", "OtherCurrentLiabilities"),
    (44, "Notes Payable", "Long Term Liability", "NotesPayable"),
    (45, "Landscaping Services", "Income", "OtherPrimaryIncome"),
    (48, "Fountains and Garden Lighting", "Income", "SalesOfProductIncome"),
    (49, "Plants and Soil", "Income", "SalesOfProductIncome"),
    (50, "Sprinklers and Drip Systems", "Income", "SalesOfProductIncome"),
    (52, "Maintenance and Repair", "Income", "OtherPrimaryIncome"),
    (54, "Pest Control Services", "Income", "OtherPrimaryIncome"),
    (55, "Automobile", "Expense", "Auto"),
    (56, "Fuel", "Expense", "Auto", 55),
    (58, "Job Expenses", "Expense", "CostOfLabor"),
    (63, "Job Materials", "Expense", "SuppliesMaterials", 58),
    (64, "Decks and Patios", "Expense", "SuppliesMaterials", 63),
    (79, "Sales of Product Income", "Income", "SalesOfProductIncome"),
    (80, "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    (81, "Inventory Asset", "Other Current Asset", "Inventory"),
    (82, "Design income", "Income", "OtherPrimaryIncome"),
    (83, "Other Income", "Income", "OtherPrimaryIncome"),
    (84, "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    (85, "Uncategorized Income", "Income", "ServiceFeeIncome"),
    (86, "Discounts given", "Income", "DiscountsRefundsGiven"),
    (87, "Unapplied Cash Payment Income", "Income", "UnappliedCashPaymentIncome"),
    (88, "Bad Debts", "Expense", "BadDebts"),
    (90, "Sales Tax Payable", "Other Current Liability", "SalesTaxPayable"),
)
# id, name, type, description, price, income account
ITEMS = (
    (1, "Services", "Service", None, 0, 1),
    (2, "Hours", "Service", None, 0, 1),
    (3, "Concrete", "Service", "Concrete for fountain installation", 0, 48),
    (4, "Design", "Service", "Custom Design", 75, 82),
    (5, "Rock Fountain", "NonInventory", "Rock Fountain", 275, 79),
    (6, "Gardening", "Service", "Weekly Gardening Service", 0, 45),
    (7, "Installation", "Service", "Installation of landscape design", 50, 52),
    (8, "Lighting", "Service", "Garden Lighting", 0, 48),
    (9, "Maintenance & Repair", "Service", "Maintenance & Repair", 0, 52),
    (10, "Pest Control", "Service", "Pest Control Services", 35, 54),
    (11, "Pump", "NonInventory", "Fountain Pump", 15, 79),
    (12, "Refunds & Allowances", "Service", "Income due to refunds or allowances", 0, 83),
    (13, "Rocks", "Service", "Garden Rocks", 0, 48),
    (14, "Sod", "Service", "Sod", 0, 49),
    (15, "Soil", "Service", "2 cubic ft. bag", 10, 49),
    (16, "Sprinkler Heads", "NonInventory", "Sprinkler Heads", 2, 79),
    (17, "Sprinkler Pipes", "NonInventory", "Sprinkler Pipes", 4, 79),
    (18, "Trimming", "Service", "Tree and Shrub Trimming", 35, 45),
)
# id, display name, given name, family name, street, city, state, postcode, phone, e-mail, parent
CUSTOMERS = (
    (1, "Amy's Bird Sanctuary", "Amy", "Lauterbach", "4581 Finch St.", "Bayshore", "CA", "94326", "(650) 555-3311", "Birds@Intuit.com", None),
    (2, "Bill's Windsurf Shop", "Bill", "Lucchini", "12 Ocean Dr.", "Half Moon Bay", "CA", "94213", "(415) 444-6538", "Surf@Intuit.com", None),
    (3, "Cool Cars", "Grace", "Pariente", "65 Ocean Dr.", "Half Moon Bay", "CA", "94213", "(415) 555-9933", "Cool_Cars@intuit.com", None),
    (4, "Diego Rodriguez", "Diego", "Rodriguez", "321 Channing", "Palo Alto", "CA", "94303", "(650) 555-4477", "Diego@Rodriguez.com", None),
    (5, "Dukes Basketball Camp", "Peter", "Dukes", "25 Court St.", "Tucson", "AZ", "85719", "(520) 420-5638", "Dukes_bball@intuit.com", None),
    (6, "Dylan Sollfrank", "Dylan", "Sollfrank", None, None, None, None, None, None, None),
    (7, "Freeman Sporting Goods", "Kirby", "Freeman", "370 Easy St.", "Middlefield", "CA", "94482", "(650) 555-0987", "Sporting_goods@intuit.com", None),
    (8, "0969 Ocean View Road", "Sasha", "Tillou", "370 Easy St.", "Middlefield", "CA", "94482", "(415) 555-9933", "Sporting_goods@intuit.com", 7),
    (9, "55 Twin Lane", "Amelia", None, "370 Easy St.", "Middlefield", "CA", "94482", "(650) 555-0987", "Sporting_goods@intuit.com", 7),
    (10, "Geeta Kalapatapu", "Geeta", "Kalapatapu", "1987 Main St.", "Middlefield", "CA", "94303", "(650) 555-0022", "Geeta@Kalapatapu.com", None),
    (11, "Gevelber Photography", "Lisa", "Gevelber", "1103 Main St.", "Middlefield", "CA", "94303", "(415) 222-4345", "Photography@intuit.com", None),
    (12, "Jeff's Jalopies", "Jeff", "Chin", "12 Willow Rd.", "Menlo Park", "CA", "94305", "(650) 555-8989", "Jalopies@intuit.com", None),
    (13, "John Melton", "John", "Melton", "85 Pine St.", "Menlo Park", "CA", "94304", "(650) 555-5879", "John@Melton.com", None),
    (14, "Kate Whelan", "Kate", "Whelan", "45 First St.", "Menlo Park", "CA", "94304", "(650) 554-8822", "Kate@Whelan.com", None),
    (15, "Pye's Cakes", "Karen", "Pye", "350 Mountain View Dr.", "South Orange", "NJ", "07079", "(973) 555-2652", "pyescakes@intuit.com", None),
    (16, "Kookies by Kathy", "Kathy", "Kuplis", "789 Sugar Lane", "Middlefield", "CA", "94303", "(650) 555-7896", "qbwebsamplecompany@yahoo.com", None),
    (17, "Mark Cho", "Mark", "Cho", "36 Willow Rd", "Menlo Park", "CA", "94304", "(650) 554-1479", "Mark@Cho.com", None),
    (18, "Paulsen Medical Supplies", "Kathy", "Paulsen", "38921 S. Boise Ave", "Middlefield", "CA", "94304", "(650) 557-8569", "Medical@intuit.com", None),
    (19, "Rago Travel Agency", "Peter", "Rago", "753 Spring St.", "Menlo Park", "CA", "94304", "(650) 555-5596", "Rago_Travel@intuit.com", None),
    (20, "Red Rock Diner", "Stephanie", "Martini", "500 Red Rock Rd.", "Bayshore", "CA", "94326", "(650) 555-4973", "qbwebsamplecompany@yahoo.com", None),
    (21, "Rondonuwu Fruit and Vegi", "Tessa", "Darby", "847 California Ave.", "San Jose", "CA", "95021", "(650) 555-2645", "Tony@Rondonuwu.com", None),
    (22, "Shara Barnett", "Shara", "Barnett", "19 Main St.", "Middlefield", "CA", "94303", "(650) 555-4563", "Shara@Barnett.com", None),
    (23, "Barnett Design", "Shara", "Barnett", "19 Main St.", "Middlefield", "CA", "94303", "(650) 557-1289", "Design@intuit.com", 22),
    (24, "Sonnenschein Family Store", "Russ", "Sonnenschein", "5647 Cypress Hill Ave.", "Middlefield", "CA", "94303", "(650) 557-8463", "Familiystore@intuit.com", None),
    (25, "Sushi by Katsuyuki", "Katsuyuki", "Yanagawa", "898 Elm St.", "Maplewood", "NJ", "07040", "(505) 570-0147", "Sushi@intuit.com", None),
    (26, "Travis Waldron", "Travis", "Waldron", "78 First St.", "Monlo Park", "CA", "94304", "(650) 557-9977", "Travis@Waldron.com", None),
    (27, "Video Games by Dan", "Daniel", "Wilson", None, None, None, None, "(650) 555-3456", "Videogames@intuit.com", None),
    (28, "Wedding Planning by Whitney", "Whitney", "Brewer", "135 Broadway", "Menlo Park", "CA", "94304", "(650) 557-2473", "Dream_Wedding@intuit.com", None),
    (29, "Weiskopf Consulting", "Nicola", "Weiskopf", "45612 Main St.", "Bayshore", "CA", "94326", "(650) 555-1423", "Consulting@intuit.com", None),
)  # fmt: skip
# id, display name
VENDORS = (
    (30, "Books by Bessie"), (31, "Brosnahan Insurance Agency"), (32, "Cal Telephone"), (33, "Chin's Gas and Oil"),
    (34, "Cigna Health Care"), (35, "Computers by Jenni"), (36, "Diego's Road Warrior Bodyshop"), (37, "EDD"), (38, "Ellis Equipment Rental"),
    (39, "Fidelity"), (40, "Hall Properties"), (41, "Hicks Hardware"), (42, "Lee Advertising"), (43, "Mahoney Mugs"), (44, "Met Life Dental"),
    (45, "National Eye Care"), (46, "Norton Lumber and Building Materials"), (47, "Pam Seitz"), (48, "PG&E"), (49, "Robertson & Associates"),
    (50, "Squeaky Kleen Car Wash"), (51, "Tania's Nursery"), (52, "Tim Philip Masonry"), (53, "Tony Rondonuwu"), (56, "Bob's Burger Joint"),
)  # fmt: skip
# id, given name, family name
EMPLOYEES = ((54, "John", "Johnson"), (55, "Emily", "Platt"))
# id, name, days
TERMS = ((1, "Due on receipt", 0), (2, "Net 15", 15), (3, "Net 30", 30), (4, "Net 60", 60))
# id, name, type
PAYMENT_METHODS = (
    (1, "Cash", "NON_CREDIT_CARD"),
    (2, "Check", "NON_CREDIT_CARD"),
    (3, "Visa", "CREDIT_CARD"),
    (4, "MasterCard", "CREDIT_CARD"),
    (5, "Discover", "CREDIT_CARD"),
    (6, "American Express", "CREDIT_CARD"),
    (7, "Diners Club", "CREDIT_CARD"),
)
# country: (agency, rates (id, name, percent), codes (id, name, description, ids of sales rates, of purchase rates, taxable))
TAXES = {
    "US": (
        "California Department of Tax and Fee Administration",
        ((1, "AZ State tax", "7.1"), (2, "Tucson City", "2"), (3, "California", "8")),
        (
            (2, "California", "California", (3,), (), True),
            (3, "Tucson", "Tucson", (1, 2), (), True),
            (4, "Out of scope", "Out of scope", (), (), False),
        ),
    ),
    "GB": (
        "HMRC",
        (
            (1, "SS-20.0", "20"), (2, "SR-5.0", "5"), (3, "SZ-0.0", "0"), (4, "SE", "0"), (5, "No VAT (Sales)", "0"),
            (6, "SP-20.0", "20"), (7, "SP-5.0", "5"), (8, "PZ-0.0", "0"), (9, "PE", "0"), (10, "No VAT (Purchases)", "0"),
        ),
        (
            (2, "20.0% S", "20.0% S", (1,), (6,), True),
            (3, "5.0% R", "5.0% R", (2,), (7,), True),
            (4, "0.0% Z", "0.0% Z", (3,), (8,), True),
            (5, "Exempt", "Exempt", (4,), (9,), True),
            (6, "No VAT", "No VAT", (5,), (10,), True),
        ),
    ),
    "CA": (
        "Receiver General",
        (
            (1, "GST", "5"), (2, "PST BC", "7"), (3, "HST ON", "13"), (4, "Zero-rated", "0"), (5, "Exempt", "0"), (6, "Out of Scope", "0"),
            (7, "GST (ITC)", "5"), (8, "PST BC (purchases)", "7"), (9, "HST ON (ITC)", "13"), (10, "Zero-rated (purchases)", "0"),
            (11, "Exempt (purchases)", "0"), (12, "Out of Scope (purchases)", "0"),
        ),
        (
            (2, "GST", "GST 5%", (1,), (7,), True),
            (3, "GST/PST BC", "GST 5%, PST 7%", (1, 2), (7, 8), True),
            (4, "HST ON", "HST 13%", (3,), (9,), True),
            (5, "Zero-rated", "Zero-rated", (4,), (10,), True),
            (6, "Exempt", "Exempt", (5,), (11,), True),
            (7, "Out of Scope", "Out of Scope", (6,), (12,), True),
        ),
    ),
    "AU": (
        "Australian Taxation Office",
        (
            (1, "GST (sales)", "10"), (2, "GST free (sales)", "0"), (3, "Input tax (sales)", "0"), (4, "Out of Scope", "0"),
            (5, "GST (purchases)", "10"), (6, "GST free (purchases)", "0"), (7, "Input tax (purchases)", "0"),
            (8, "Out of Scope (purchases)", "0"),
        ),
        (
            (2, "GST", "GST 10%", (1,), (5,), True),
            (3, "GST free", "GST free", (2,), (6,), True),
            (4, "Input tax", "Input taxed", (3,), (7,), True),
            (5, "Out of Scope", "Out of Scope", (4,), (8,), True),
        ),
    ),
}  # fmt: skip
ADDRESSES = {
    "US": {"Line1": "123 Sierra Way", "City": "San Pablo", "CountrySubDivisionCode": "CA", "PostalCode": "87999"},
    "GB": {"Line1": "1 High Street", "City": "London", "PostalCode": "SW1A 1AA", "Country": "GB"},
    "CA": {
        "Line1": "1 Yonge Street",
        "City": "Toronto",
        "CountrySubDivisionCode": "ON",
        "PostalCode": "M5E 1W7",
        "Country": "CA",
    },
    "AU": {
        "Line1": "1 George Street",
        "City": "Sydney",
        "CountrySubDivisionCode": "NSW",
        "PostalCode": "2000",
        "Country": "AU",
    },
}
