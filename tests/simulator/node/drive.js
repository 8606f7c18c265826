// Drives node-quickbooks through the life of documents; prints one JSON object with what each step brought.
// usage: node drive.js <simulator's address> <realm id> <access token> <refresh token>; NODE_PATH holds the client.
const { promisify } = require('util')
const { Readable } = require('stream')
const QuickBooks = require('node-quickbooks')

const [base, realmId, accessToken, refreshToken] = process.argv.slice(2)
// The client's own settings for its hosts.
QuickBooks.V3_ENDPOINT_BASE_URL = `${base}/v3/company/`
QuickBooks.TOKEN_URL = `${base}/oauth2/v1/tokens/bearer`
QuickBooks.REVOKE_URL = `${base}/v2/oauth2/tokens/revoke`

const client = new QuickBooks('simclient', 'simsecret', accessToken, false, realmId, true, false, 75, '2.0', refreshToken)
const ask = (name, ...given) => promisify(client[name]).apply(client, given)
const fault = (error) => {
  const body = (error.response && error.response.data) || error
  return (body.Fault || body.fault).Error[0].code
}
const refused = (name, ...given) => ask(name, ...given).then(() => 'taken', fault)

const line = (amount) => ({
  Amount: amount,
  DetailType: 'SalesItemLineDetail',
  SalesItemLineDetail: { ItemRef: { value: '1' } },
})
const invoice = (amount, customer = '1') => ({ CustomerRef: { value: customer }, Line: [line(amount)] })

async function main() {
  const seen = {}
  await ask('refreshAccessToken')
  seen.refreshed = client.token !== accessToken

  const made = await ask('createInvoice', invoice(100))
  seen.created = [made.Id, made.TotalAmt]
  seen.read = (await ask('getInvoice', made.Id)).Balance
  const updated = await ask('updateInvoice', { ...made, PrivateNote: 'by node', sparse: true })
  seen.updated = [updated.SyncToken, updated.PrivateNote]
  seen.sent = (await ask('sendInvoicePdf', made.Id, 'a@b.example')).EmailStatus
  seen.pdf = Buffer.from(await ask('getInvoicePdf', made.Id)).toString('latin1').slice(0, 5)

  const payment = await ask('createPayment', {
    CustomerRef: { value: '1' },
    TotalAmt: 40,
    Line: [{ Amount: 40, LinkedTxn: [{ TxnId: made.Id, TxnType: 'Invoice' }] }],
  })
  seen.paid = (await ask('getInvoice', made.Id)).Balance
  seen.unpaid = (await ask('voidPayment', { Id: payment.Id, SyncToken: payment.SyncToken })).TotalAmt
  seen.voided = (await ask('voidInvoice', made.Id)).Invoice.TotalAmt
  seen.deleted = (await ask('deleteInvoice', made.Id)).Invoice.status
  seen.gone = await refused('getInvoice', made.Id)
  seen.wrong = await refused('createInvoice', invoice(1, '999'))

  const once = { ...invoice(7), requestId: 'node-once' }
  const first = await ask('createInvoice', { ...once })
  const second = await ask('createInvoice', { ...once })
  seen.once = first.Id === second.Id

  const batch = await ask('batch', [
    { bId: 'a', operation: 'create', Invoice: invoice(5) },
    { bId: 'b', operation: 'create', Vendor: { DisplayName: 'Node Ltd' } },
    { bId: 'c', operation: 'create', Invoice: invoice(5, '999') },
    { bId: 'd', Query: 'select count(*) from Customer' },
  ])
  seen.batch = batch.BatchItemResponse.map((item) => Object.keys(item)[0])

  const found = await ask('findCustomers', [
    { field: 'DisplayName', value: 'Amy%', operator: 'LIKE' },
    { field: 'limit', value: 5 },
  ])
  seen.query = found.QueryResponse.Customer.map((customer) => customer.Id)
  seen.all = (await ask('findCustomers', { fetchAll: true })).QueryResponse.Customer.length
  seen.count = (await ask('findInvoices', { count: true })).QueryResponse.totalCount
  const changes = await ask('changeDataCapture', ['Invoice', 'Vendor'], new Date(Date.now() - 3600 * 1000))
  seen.cdc = changes.CDCResponse[0].QueryResponse.map((part) => Object.keys(part)[0])

  const bill = await ask('createBill', {
    VendorRef: { value: '30' },
    Line: [
      {
        Amount: 30,
        DetailType: 'AccountBasedExpenseLineDetail',
        AccountBasedExpenseLineDetail: { AccountRef: { value: '7' } },
      },
    ],
  })
  seen.bill = bill.Balance
  const file = await ask('upload', 'a.txt', 'text/plain', Readable.from(['hello']), 'Bill', bill.Id)
  seen.attached = [file.FileName, file.AttachableRef[0].EntityRef.value === bill.Id]
  const hours = { NameOf: 'Employee', EmployeeRef: { value: '54' }, Hours: 2, Minutes: 0 }
  seen.time = (await ask('createTimeActivity', hours)).Hours
  seen.report = (await ask('reportCustomerBalance', {})).Header.ReportName
  seen.company = (await ask('getCompanyInfo', realmId)).Country
  seen.preferences = (await ask('getPreferences')).CurrencyPrefs.HomeCurrency.value

  await ask('revokeAccess', true)
  seen.revoked = await ask('getInvoice', first.Id).then(
    () => 'still valid',
    (error) => (error.fault || error.response.data.fault).error[0].code,
  )
  console.log(JSON.stringify(seen))
}

main().catch((error) => {
  console.error(error.response ? JSON.stringify(error.response.data) : error)
  process.exit(1)
})
