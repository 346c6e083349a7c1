// Drives the emulator through the official Node SDK (npm pluggy-sdk). Usage: PLUGGY_API_URL=… node node_sdk.js <sdk folder> <id> <secret>
const [, , folder, clientId, clientSecret, hook] = process.argv;
const { PluggyClient } = require(require.resolve('pluggy-sdk', { paths: [folder] }));
const client = new PluggyClient({ clientId, clientSecret });
const called = new Set();
const FINAL = ['UPDATED', 'OUTDATED', 'LOGIN_ERROR'];

const sdk = new Proxy(client, {
  get(target, name) {
    const value = target[name];
    if (typeof value !== 'function') return value;
    return (...args) => { called.add(name); return value.apply(target, args); };
  },
});

function check(good, what) { if (!good) throw new Error(`failed: ${what}`); }

async function until(itemId, statuses) {
  for (let n = 0; n < 400; n++) {
    const item = await sdk.fetchItem(itemId);
    if (statuses.includes(item.status)) return item;
    await new Promise(done => setTimeout(done, 25));
  }
  throw new Error(`item never reached ${statuses}`);
}

async function rejected(promise) {
  try { await promise; } catch (body) { return body; }
  throw new Error('should have been rejected');
}

async function lists() {
  check((await sdk.fetchConnectors({ sandbox: true })).results.length > 15, 'connectors');
  check((await sdk.fetchConnector(2)).createdAt instanceof Date, 'dates become Date');
  check((await sdk.validateParameters(4, { user: 'user-ok' })).errors.length === 2, 'validate');
  const { results } = await sdk.fetchCategories();
  check(results.length > 100 && (await sdk.fetchCategory('01010000')).parentId === '01000000', 'categories');
}

async function accounts(itemId) {
  const { results } = await sdk.fetchAccounts(itemId);
  const card = (await sdk.fetchAccounts(itemId, 'CREDIT')).results[0];
  check(results.length === 3 && card.type === 'CREDIT', 'accounts');
  const account = await sdk.fetchAccount(results[0].id);
  check((await sdk.fetchAccountStatements(account.id)).results.length === 2, 'statements');
  const page = await sdk.fetchTransactions(account.id, { pageSize: 10, page: 2 });
  check(page.results.length === 10 && page.results[0].date instanceof Date, 'v1 transactions');
  const since = new Date(Date.now() - 3600e3).toISOString();
  const recent = await sdk.fetchTransactionsCursor(account.id, { createdAtFrom: since });
  check(recent.next === null && recent.results.length === page.total, 'createdAtFrom');
  const two = recent.results.slice(0, 2).map(row => row.id);
  check((await sdk.fetchTransactionsCursor(account.id, { ids: two })).results.length === 2, 'ids');
  const changed = await sdk.updateTransactionCategory(two[0], '07010000');
  check((await sdk.fetchTransaction(two[0])).categoryId === '07010000' && changed.id === two[0], 'category');
  const bills = await sdk.fetchCreditCardBills(card.id);
  check((await sdk.fetchCreditCardBill(bills.results[0].id)).id === bills.results[0].id, 'bills');
}

async function wealth(itemId) {
  const { results } = await sdk.fetchInvestments(itemId);
  check((await sdk.fetchInvestments(itemId, 'EQUITY')).results.length === 2, 'investments by type');
  const one = await sdk.fetchInvestment(results[0].id);
  check((await sdk.fetchInvestmentTransactions(one.id, { pageSize: 2 })).totalPages === 3, 'movements');
  check((await sdk.fetchAllInvestmentTransactions(one.id)).length === 5, 'all movements');
  const loan = (await sdk.fetchLoans(itemId)).results[0];
  check((await sdk.fetchLoan(loan.id)).payments.releases.length === 12, 'loan');
  const consent = (await sdk.fetchConsents(itemId)).results[0];
  check((await sdk.fetchConsent(consent.id)).expiresAt instanceof Date, 'consent');
  const identity = await sdk.fetchIdentityByItemId(itemId);
  check((await sdk.fetchIdentity(identity.id)).fullName === identity.fullName, 'identity');
}

async function webhooks() {
  const made = await sdk.createWebhook('item/updated', hook, { Authorization: 'Bearer x' });
  check((await sdk.fetchWebhook(made.id)).headers.Authorization === 'Bearer x', 'webhook');
  check((await sdk.updateWebhook(made.id, { event: 'all', url: hook })).event === 'all', 'update webhook');
  check((await sdk.fetchWebhooks()).results.length === 1, 'webhooks');
  await sdk.deleteWebhook(made.id);
}

async function life() {
  const item = await sdk.createItem(2, { user: 'user-ok', password: 'password-ok' }, { clientUserId: 'node' });
  check((await until(item.id, FINAL)).executionStatus === 'SUCCESS', 'create');
  await accounts(item.id);
  await wealth(item.id);
  await sdk.updateItem(item.id);
  check((await until(item.id, FINAL)).status === 'UPDATED', 'update');
  await sdk.deleteItem(item.id);
  check((await rejected(sdk.fetchItem(item.id))).codeDescription === 'ITEM_NOT_FOUND', 'deleted');
}

async function secondFactor() {
  const item = await sdk.createItem(5, { user: 'user-ok', password: 'password-ok' });
  const waiting = await until(item.id, ['WAITING_USER_INPUT']);
  await sdk.updateItemMFA(item.id, { [waiting.parameter.name]: '123456' });
  check((await until(item.id, FINAL)).status === 'UPDATED', 'mfa');
  const wrong = await sdk.createItem(2, { user: 'user-ok', password: 'not-this-one' });
  check((await until(wrong.id, FINAL)).error.code === 'INVALID_CREDENTIALS', 'wrong password');
  const open = await sdk.createItem(600, { cpf: '761.092.776-73' });
  check((await until(open.id, ['WAITING_USER_INPUT'])).parameter.type === 'oauth', 'oauth');
}

async function big() {
  const item = await sdk.createItem(2, { user: 'user-ok-perf-12x', password: 'password-ok' });
  await until(item.id, FINAL);
  const account = (await sdk.fetchAccounts(item.id, 'BANK')).results[0];
  const all = await sdk.fetchAllTransactions(account.id);
  check(new Set(all.map(row => row.id)).size === 1200, 'all pages by cursor');
}

async function token() {
  check((await sdk.createConnectToken(undefined, { clientUserId: 'u' })).accessToken.split('.').length === 3, 'token');
  check((await sdk.createConnectToken()).accessToken, 'token without options');
}

(async () => {
  await lists(); await life(); await secondFactor(); await webhooks(); await token(); await big();
  const all = Object.getOwnPropertyNames(PluggyClient.prototype).filter(name => name !== 'constructor');
  const missed = all.filter(name => !called.has(name));
  check(missed.length === 0, `methods never called: ${missed}`);
  console.log(JSON.stringify({ methods: called.size, missed }));
})().catch(error => { console.error(error); process.exit(1); });
