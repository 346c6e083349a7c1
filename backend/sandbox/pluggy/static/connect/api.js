/* The emulator's API, called with the connect token. */
let token = '';

export function useToken(connectToken) { token = connectToken; }

export class ApiFailure extends Error {
  constructor(body) {
    super(body.message || 'request failed');
    this.body = body;
    this.code = body.codeDescription || '';
  }
}

export async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    body: body && JSON.stringify(body),
    headers: { 'X-API-KEY': token, ...(body && { 'Content-Type': 'application/json' }) },
  });
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiFailure(found);
  return found;
}
