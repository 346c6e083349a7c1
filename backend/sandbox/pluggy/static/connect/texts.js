/* What the widget says, by language. */
const PT = {
  choose: 'Escolha sua instituição', search: 'Buscar instituição', none: 'Nenhuma instituição encontrada', next: 'Continuar', back: 'Voltar',
  close: 'Fechar', loading: 'Carregando…', working: 'Conectando…', done: 'Conta conectada', partial: 'Conectada, mas alguns dados não vieram',
  finish: 'Concluir', failed: 'Não foi possível conectar', again: 'Tentar de novo', code: 'Mais um passo', scan: 'Leia o código com o aplicativo do banco',
  action: 'Confirme no aplicativo do banco', toBank: 'Ir para o banco', bankHint: 'A página do banco abre em outra janela. Depois de autorizar, volte para cá.',
  waitBank: 'Aguardando sua autorização no banco…', approval: 'Aguardando aprovação',
  approvalHint: 'Outra pessoa precisa aprovar o acesso no aplicativo do banco. Você pode fechar esta janela: a conexão continua sozinha.',
  background: 'Continuar em segundo plano', show: 'Mostrar', hide: 'Ocultar', forgot: 'Esqueci minha senha', offline: 'fora do ar', unstable: 'instável',
  required: 'Preencha este campo', invalid: 'Valor inválido', expires: 'Válido até', noToken: 'Falta o connectToken', 
  brand: 'Conexão de teste do Ponte, no lugar da Pluggy. Usuário user-ok, senha password-ok, código 123456, CPF 761.092.776-73.',
  consent: 'Ao continuar, você autoriza a leitura dos seus dados nesta instituição.', picture: 'Imagem enviada pelo banco', found: n => `${n} instituições`,
};
const EN = {
  choose: 'Choose your institution', search: 'Search institutions', none: 'No institution found', next: 'Continue', back: 'Back',
  close: 'Close', loading: 'Loading…', working: 'Connecting…', done: 'Account connected', partial: 'Connected, but some data is missing',
  finish: 'Finish', failed: 'Could not connect', again: 'Try again', code: 'One more step', scan: "Scan the code with your bank's app",
  action: "Confirm in your bank's app", toBank: 'Go to the bank', bankHint: "The bank's page opens in another window. Come back here afterwards.",
  waitBank: 'Waiting for you to authorise at the bank…', approval: 'Waiting for approval',
  approvalHint: "Another person must approve the access in the bank's app. You can close this window: the connection goes on by itself.",
  background: 'Continue in the background', show: 'Show', hide: 'Hide', forgot: 'I forgot my password', offline: 'offline', unstable: 'unstable',
  required: 'Fill in this field', invalid: 'Invalid value', expires: 'Valid until', noToken: 'connectToken is missing', 
  brand: "Ponte's test connection, in the place of Pluggy. User user-ok, password password-ok, code 123456, CPF 761.092.776-73.",
  consent: 'By continuing you allow your data at this institution to be read.', picture: 'Picture sent by the bank', found: n => `${n} institutions`,
};
const ES = {
  choose: 'Elige tu institución', search: 'Buscar institución', none: 'Ninguna institución encontrada', next: 'Continuar', back: 'Volver',
  close: 'Cerrar', loading: 'Cargando…', working: 'Conectando…', done: 'Cuenta conectada', partial: 'Conectada, pero faltan algunos datos',
  finish: 'Terminar', failed: 'No se pudo conectar', again: 'Intentar de nuevo', code: 'Un paso más', scan: 'Lee el código con la aplicación del banco',
  action: 'Confirma en la aplicación del banco', toBank: 'Ir al banco', bankHint: 'La página del banco se abre en otra ventana. Vuelve aquí después.',
  waitBank: 'Esperando tu autorización en el banco…', approval: 'Esperando aprobación',
  approvalHint: 'Otra persona debe aprobar el acceso en la aplicación del banco. Puedes cerrar esta ventana: la conexión continúa sola.',
  background: 'Continuar en segundo plano', show: 'Mostrar', hide: 'Ocultar', forgot: 'Olvidé mi contraseña', offline: 'fuera de servicio', unstable: 'inestable',
  required: 'Completa este campo', invalid: 'Valor inválido', expires: 'Válido hasta', noToken: 'Falta connectToken', 
  brand: 'Conexión de prueba de Ponte, en lugar de Pluggy. Usuario user-ok, contraseña password-ok, código 123456, CPF 761.092.776-73.',
  consent: 'Al continuar autorizas la lectura de tus datos en esta institución.', picture: 'Imagen enviada por el banco', found: n => `${n} instituciones`,
};
const PROGRESS = {
  pt: { LOGIN_IN_PROGRESS: 'Entrando no banco…', LOGIN_MFA_IN_PROGRESS: 'Conferindo o código…', ACCOUNTS_IN_PROGRESS: 'Lendo as contas…', CREDITCARDS_IN_PROGRESS: 'Lendo os cartões…', TRANSACTIONS_IN_PROGRESS: 'Lendo as transações…', INVESTMENTS_IN_PROGRESS: 'Lendo os investimentos…', LOANS_IN_PROGRESS: 'Lendo os empréstimos…' },
  en: { LOGIN_IN_PROGRESS: 'Signing in…', LOGIN_MFA_IN_PROGRESS: 'Checking the code…', ACCOUNTS_IN_PROGRESS: 'Reading accounts…', CREDITCARDS_IN_PROGRESS: 'Reading cards…', TRANSACTIONS_IN_PROGRESS: 'Reading transactions…', INVESTMENTS_IN_PROGRESS: 'Reading investments…', LOANS_IN_PROGRESS: 'Reading loans…' },
  es: { LOGIN_IN_PROGRESS: 'Entrando en el banco…', LOGIN_MFA_IN_PROGRESS: 'Comprobando el código…', ACCOUNTS_IN_PROGRESS: 'Leyendo las cuentas…', CREDITCARDS_IN_PROGRESS: 'Leyendo las tarjetas…', TRANSACTIONS_IN_PROGRESS: 'Leyendo los movimientos…', INVESTMENTS_IN_PROGRESS: 'Leyendo las inversiones…', LOANS_IN_PROGRESS: 'Leyendo los préstamos…' },
};
/* Spanish users read the errors in Portuguese: the emulator's banks are Brazilian. */
const ERRORS = {
  pt: {
    INVALID_CREDENTIALS: 'Usuário ou senha incorretos. Confira e tente de novo.',
    INVALID_CREDENTIALS_MFA: 'O código está errado ou venceu. Peça um novo e tente de novo.',
    ALREADY_LOGGED_IN: 'Há outra sessão aberta nesta conta. Saia dela e tente de novo em alguns minutos.',
    ACCOUNT_LOCKED: 'O banco bloqueou o acesso. Desbloqueie no aplicativo do banco antes de tentar de novo.',
    ACCOUNT_CREDENTIALS_RESET: 'O banco pede uma senha nova. Troque a senha no banco e tente de novo.',
    ACCOUNT_NEEDS_ACTION: 'O banco precisa que você faça algo no aplicativo dele antes de continuar.',
    SITE_NOT_AVAILABLE: 'O banco está fora do ar. Tente de novo mais tarde.',
    CONNECTION_ERROR: 'A conexão com o banco falhou. Tente de novo mais tarde.',
    UNEXPECTED_ERROR: 'O banco respondeu algo inesperado. Tente de novo mais tarde.',
    USER_NOT_SUPPORTED: 'Este tipo de usuário não pode ser conectado.',
    USER_INPUT_TIMEOUT: 'O tempo para responder acabou. Comece de novo.',
    USER_AUTHORIZATION_NOT_GRANTED: 'A autorização foi recusada no banco.',
    USER_AUTHORIZATION_REVOKED: 'A autorização foi cancelada no banco. Autorize de novo.',
    ITEM_USER_ALREADY_EXISTS: 'Esta conta já está conectada.',
    CONNECTOR_OFFLINE: 'Esta instituição está fora do ar. Tente de novo mais tarde.',
    ITEM_CREATION_LIMIT_EXCEEDED: 'O limite de conexões foi atingido.',
    MFA_PARAMERTER_WAS_ALREADY_USED_ERROR: 'Este código já foi usado. Espere o próximo.',
    TOO_MANY_CONSECUTIVE_LOGIN_FAILURES: 'Muitas tentativas seguidas. Espere antes de tentar de novo.',
  },
  en: {
    INVALID_CREDENTIALS: 'Wrong user or password. Check them and try again.',
    INVALID_CREDENTIALS_MFA: 'The code is wrong or too old. Ask for a new one and try again.',
    ALREADY_LOGGED_IN: 'Another session of this account is open. Sign out there and try again in a few minutes.',
    ACCOUNT_LOCKED: "The bank has locked the access. Unlock it in the bank's app before you try again.",
    ACCOUNT_CREDENTIALS_RESET: 'The bank asks for a new password. Change it at the bank and try again.',
    ACCOUNT_NEEDS_ACTION: 'The bank needs you to do something in its app first.',
    SITE_NOT_AVAILABLE: 'The bank is not available. Try again later.',
    CONNECTION_ERROR: 'The connection to the bank failed. Try again later.',
    UNEXPECTED_ERROR: 'The bank gave an unexpected answer. Try again later.',
    USER_NOT_SUPPORTED: 'This kind of user cannot be connected.',
    USER_INPUT_TIMEOUT: 'The time to answer is over. Start again.',
    USER_AUTHORIZATION_NOT_GRANTED: 'The authorisation was refused at the bank.',
    USER_AUTHORIZATION_REVOKED: 'The authorisation was cancelled at the bank. Authorise again.',
    ITEM_USER_ALREADY_EXISTS: 'This account is connected already.',
    CONNECTOR_OFFLINE: 'This institution is offline. Try again later.',
    ITEM_CREATION_LIMIT_EXCEEDED: 'The limit of connections is reached.',
    MFA_PARAMERTER_WAS_ALREADY_USED_ERROR: 'This code was used already. Wait for the next one.',
    TOO_MANY_CONSECUTIVE_LOGIN_FAILURES: 'Too many attempts in a row. Wait before you try again.',
  },
};

let chosen = 'pt';
export let texts = PT;

export function speak(language) {
  chosen = { pt: 'pt', en: 'en', es: 'es' }[language] || 'pt';
  texts = { pt: PT, en: EN, es: ES }[chosen];
  document.documentElement.lang = chosen;
}

export const progressText = status => PROGRESS[chosen][status] || texts.working;

export const errorText = code => (ERRORS[chosen] || ERRORS.pt)[code];
