"""The kinds of accounts: which classification a type has, and which subtypes belong to it (Intuit's public list)."""

CLASSIFICATIONS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Non-Posting": "Equity",
}
# The subtype that an account gets when a request names its type alone.
SUBTYPE_DEFAULTS = {
    "Bank": "Checking",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "OtherCurrentAssets",
    "Fixed Asset": "OtherFixedAssets",
    "Other Asset": "OtherLongTermAssets",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": "OtherCurrentLiabilities",
    "Long Term Liability": "OtherLongTermLiabilities",
    "Equity": "RetainedEarnings",
    "Income": "SalesOfProductIncome",
    "Other Income": "OtherMiscellaneousIncome",
    "Cost of Goods Sold": "SuppliesMaterialsCogs",
    "Expense": "OtherMiscellaneousServiceCost",
    "Other Expense": "OtherMiscellaneousExpense",
    "Non-Posting": "RetainedEarnings",
}
_SUBTYPES = {
    "Bank": "CashOnHand Checking MoneyMarket RentsHeldInTrust Savings TrustAccounts",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "AllowanceForBadDebts DevelopmentCosts EmployeeCashAdvances GlobalTaxDeferred GlobalTaxRefund "
    "Inventory Investment_MortgageRealEstateLoans Investment_Other Investment_TaxExemptSecurities "
    "Investment_USGovernmentObligations LoansToOfficers LoansToOthers LoansToStockholders OtherCurrentAssets "
    "PrepaidExpenses Retainage UndepositedFunds",
    "Fixed Asset": "AccumulatedAmortization AccumulatedDepletion AccumulatedDepreciation Buildings DepletableAssets "
    "FixedAssetComputers FixedAssetCopiers FixedAssetFurniture FixedAssetOtherToolsEquipment FixedAssetPhone "
    "FixedAssetPhotoVideo FixedAssetSoftware FurnitureAndFixtures IntangibleAssets Land LeaseholdImprovements "
    "MachineryAndEquipment OtherFixedAssets Vehicles",
    "Other Asset": "AccumulatedAmortizationOfOtherAssets Goodwill LeaseBuyout Licenses OrganizationalCosts "
    "OtherLongTermAssets SecurityDeposits",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": "DirectDepositPayable FederalIncomeTaxPayable GlobalTaxPayable GlobalTaxSuspense "
    "InsurancePayable LineOfCredit LoanPayable OtherCurrentLiabilities PayrollClearing PayrollTaxPayable "
    "PrepaidExpensesPayable RentsInTrustLiability SalesTaxPayable StateLocalIncomeTaxPayable TrustAccountsLiabilities",
    "Long Term Liability": "NotesPayable OtherLongTermLiabilities ShareholderNotesPayable",
    "Equity": "AccumulatedAdjustment CommonStock EstimatedTaxes Healthcare OpeningBalanceEquity OwnersEquity "
    "PaidInCapitalOrSurplus PartnerContributions PartnerDistributions PartnersEquity PersonalExpense PersonalIncome "
    "PreferredStock RetainedEarnings TreasuryStock",
    "Income": "DiscountsRefundsGiven NonProfitIncome OtherPrimaryIncome SalesOfProductIncome ServiceFeeIncome "
    "UnappliedCashPaymentIncome",
    "Other Income": "DividendIncome InterestEarned OtherInvestmentIncome OtherMiscellaneousIncome TaxExemptInterest",
    "Cost of Goods Sold": "CostOfLaborCos EquipmentRentalCos OtherCostsOfServiceCos ShippingFreightDeliveryCos "
    "SuppliesMaterialsCogs",
    "Expense": "AdvertisingPromotional Auto BadDebts BankCharges CharitableContributions CommissionsAndFees CostOfLabor "
    "DuesSubscriptions Entertainment EntertainmentMeals EquipmentRental FinanceCosts GlobalTaxExpense Insurance InterestPaid "
    "LegalProfessionalFees OfficeExpenses OfficeGeneralAdministrativeExpenses OtherBusinessExpenses "
    "OtherMiscellaneousServiceCost PayrollExpenses PromotionalMeals RentOrLeaseOfBuildings RepairMaintenance "
    "ShippingFreightDelivery SuppliesMaterials TaxesPaid Travel TravelMeals UnappliedCashBillPaymentExpense Utilities",
    "Other Expense": "Amortization Depreciation ExchangeGainOrLoss GasAndFuel HomeOffice HomeOwnerRentalInsurance "
    "MortgageInterest OtherHomeOfficeExpenses OtherMiscellaneousExpense OtherVehicleExpenses ParkingAndTolls "
    "PenaltiesSettlements RentAndLease RepairsAndMaintenance Vehicle VehicleInsurance VehicleLease VehicleLoan "
    "VehicleLoanInterest VehicleRegistration VehicleRepairs WashAndRoadServices",
}
TYPES_BY_SUBTYPE = {subtype: kind for kind, subtypes in _SUBTYPES.items() for subtype in subtypes.split()}
