-- Customers and vendors of QuickBooks with how to reach them, as the lists were last read (qbo_refresh_lists).
-- Grain: one customer or vendor. Others may build on the names and the order of these columns. Parameters: none.
create or replace view qbo_sync.contacts as
with final as (
    select
        realms.realm_key,
        entries.entity,
        entries.qbo_id,
        entries.name as display_name,
        entries.payload ->> 'CompanyName' as company_name,
        entries.payload ->> 'GivenName' as given_name,
        entries.payload ->> 'FamilyName' as family_name,
        entries.payload #>> '{PrimaryEmailAddr,Address}' as email,
        entries.payload #>> '{PrimaryPhone,FreeFormNumber}' as phone,
        entries.payload #>> '{BillAddr,Line1}' as line1,
        entries.payload #>> '{BillAddr,City}' as city,
        entries.payload #>> '{BillAddr,CountrySubDivisionCode}' as region,
        entries.payload #>> '{BillAddr,PostalCode}' as postal_code,
        entries.payload #>> '{BillAddr,Country}' as country,
        entries.parent_id,
        entries.is_active
    from qbo_sync.reference as entries
    inner join qbo_sync.realms on entries.realm = realms.id
    where entries.entity in ('Customer', 'Vendor')
)

select * from final;
comment on view qbo_sync.contacts is
'One customer or vendor of QuickBooks and how to reach it, as last read. parent_id: of a sub-customer.';
