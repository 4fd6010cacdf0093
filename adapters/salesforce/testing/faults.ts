// What goes wrong, and when: each fault is data, and happens to the next requests that match, as often as it
// is told.

/** An answer instead of the real one. */
export interface Answered {
  readonly status: number
  readonly body: string
  readonly headers?: { readonly [name: string]: string }
}

/** What goes wrong with one request. */
export type Fault =
  | ({ readonly kind: 'answer' } & Answered)
  /** The token this request came with is no longer good; nor is it for later ones. */
  | { readonly kind: 'expire' }
  /** The connection drops after so much of the body. */
  | { readonly kind: 'cut'; readonly share: number }
  /** Headers and some of the body, then silence. */
  | { readonly kind: 'stall'; readonly share: number }
  /** The body comes in so many parts, with a pause of so many milliseconds before each. */
  | { readonly kind: 'slow'; readonly parts: number; readonly pause: number }
  /** Nothing at all, ever. */
  | { readonly kind: 'hang' }
  /** The body ends early, as if it were whole. */
  | { readonly kind: 'truncate'; readonly share: number }
  /** The page before comes once more: its body under this page's headers, or with its own headers too. */
  | { readonly kind: 'repeat'; readonly headers: boolean }
  /** Rewrites the real answer. */
  | {
      readonly kind: 'rewrite'
      readonly body?: (body: string) => string
      readonly headers?: (headers: { [name: string]: string }) => void
    }

/** Which requests a fault meets, and how many of them. */
export interface When {
  /**
   * Matched against method, path and query, decoded: `GET /services/data/v68.0/query?q=SELECT Id FROM Lead`.
   * Every request of the API by default, no logins.
   */
  readonly on?: RegExp | ((request: string) => boolean)
  /** How many matching requests pass before it begins. */
  readonly after?: number
  /** How many requests it happens to: 1 by default. */
  readonly times?: number
}

/** The faults of a local Salesforce: those that wait, and those that have happened. */
export interface Faults {
  readonly add: (fault: Fault, when?: When) => void
  readonly clear: () => void
  readonly next: (request: string) => Fault | undefined
  /** How many faults have happened. */
  readonly happened: () => number
}

export const faultList = (): Faults => {
  let waiting: { fault: Fault; on: (request: string) => boolean; after: number; times: number }[] = []
  let happened = 0
  return {
    add: (fault, { on = /\/services\/data\//, after = 0, times = 1 } = {}) => {
      waiting.push({ fault, on: typeof on === 'function' ? on : (request) => on.test(request), after, times })
    },
    clear: () => {
      waiting = []
    },
    happened: () => happened,
    next: (request) => {
      for (const each of waiting) {
        if (!each.on(request)) continue
        if (each.after > 0) each.after--
        else {
          happened++
          if (--each.times <= 0) waiting = waiting.filter((other) => other !== each)
          return each.fault
        }
      }
      return undefined
    },
  }
}

const error = (status: number, errorCode: string, message: string): Fault => ({
  kind: 'answer',
  status,
  body: JSON.stringify([{ message, errorCode }]),
})
const page = (status: number, title: string): Fault => ({
  kind: 'answer',
  status,
  body: `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
  headers: { 'Content-Type': 'text/html' },
})

/** The faults of real orgs, by name. */
export const faults = {
  sessionExpired: { kind: 'expire' } as Fault,
  /** A session that no new login mends. */
  sessionForbidden: error(401, 'INVALID_SESSION_ID', 'This session is not valid for use with the REST API'),
  dailyLimit: error(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'),
  concurrentLimit: error(
    403,
    'REQUEST_LIMIT_EXCEEDED',
    'ConcurrentRequests (Concurrent API Requests) Limit exceeded.',
  ),
  forbidden: error(403, 'INSUFFICIENT_ACCESS', 'insufficient access rights on object id'),
  unableToLockRow: error(503, 'UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access to this record'),
  serverUnavailable: error(
    503,
    'SERVER_UNAVAILABLE',
    'The server is temporarily unavailable. Please try again later.',
  ),
  internal: error(500, 'UNKNOWN_EXCEPTION', 'An unexpected error occurred.'),
  /** Statuses of a busy edge, which Salesforce's documentation does not list. */
  notAcceptable: page(406, 'Not Acceptable'),
  calm: page(420, 'Enhance Your Calm'),
  tooMany: { kind: 'answer', status: 429, body: '', headers: { 'Retry-After': '1' } } as Fault,
  queryTimeout: error(400, 'QUERY_TIMEOUT', 'Your query request was running for too long.'),
  locatorExpired: error(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator'),
  bulkUnsupported: error(400, 'INVALIDENTITY', "Entity 'Lead' is not supported by the Bulk API."),
  bulkLimit: error(
    400,
    'LIMIT_EXCEEDED',
    'Max bulk v2 query jobs (10000) per 24 hrs has been reached (10021)',
  ),
  idLimit: error(400, 'EXCEEDED_ID_LIMIT', 'Too many ids'),
  notFound: error(404, 'NOT_FOUND', 'The requested resource does not exist'),
  /** An answer of the edge in front of Salesforce. */
  edge: page(503, 'Service Unavailable'),
  /** The same, claiming to be fine. */
  edgeOk: page(200, 'We are down for maintenance'),
  dropped: { kind: 'cut', share: 0 } as Fault,
  cutBody: { kind: 'cut', share: 0.6 } as Fault,
  stall: { kind: 'stall', share: 0.5 } as Fault,
  hang: { kind: 'hang' } as Fault,
  truncated: { kind: 'truncate', share: 0.6 } as Fault,
  /** The answer says more records than there are. */
  wrongTotal: {
    kind: 'rewrite',
    body: (body) => body.replace(/"totalSize":(\d+)/, (_, n: string) => `"totalSize":${Number(n) + 1}`),
  } as Fault,
  /** The last record of the page is missing. */
  missingRecord: {
    kind: 'rewrite',
    body: (body) => {
      const parsed = JSON.parse(body) as { records: unknown[] }
      parsed.records.pop()
      return JSON.stringify(parsed)
    },
  } as Fault,
  /** The page is not the last one, and does not say how to go on. */
  noNextUrl: { kind: 'rewrite', body: (body) => body.replace(/"nextRecordsUrl":"[^"]*",/, '') } as Fault,
  /** The last line of a result page is missing. */
  missingRow: {
    kind: 'rewrite',
    body: (body) => `${body.trimEnd().split('\n').slice(0, -1).join('\n')}\n`,
  } as Fault,
  /** A page comes twice, and the one behind it never. */
  repeatedPage: { kind: 'repeat', headers: true } as Fault,
  /**
   * The same, as something in between that keeps answers would do it: the headers are right, the body is the
   * last one's.
   */
  staleBody: { kind: 'repeat', headers: false } as Fault,
  /** What Salesforce sends where bursts are counted too. */
  longLimitInfo: {
    kind: 'rewrite',
    headers: (headers) => {
      headers['Sforce-Limit-Info'] =
        `${headers['Sforce-Limit-Info']}; api-bursts=1/750; per-app-api-usage=17/250(appName=sample)`
    },
  } as Fault,
  noLocatorHeader: {
    kind: 'rewrite',
    headers: (headers) => {
      delete headers['Sforce-Locator']
    },
  } as Fault,
  noHeaders: {
    kind: 'rewrite',
    headers: (headers) => {
      for (const name of Object.keys(headers)) if (name.startsWith('Sforce-')) delete headers[name]
    },
  } as Fault,
  jobFailed: {
    kind: 'rewrite',
    body: (body) =>
      JSON.stringify({
        ...(JSON.parse(body) as object),
        state: 'Failed',
        errorMessage: 'InternalServerError: Retried more than fifteen times',
      }),
  } as Fault,
  jobRunning: {
    kind: 'rewrite',
    body: (body) => JSON.stringify({ ...(JSON.parse(body) as object), state: 'InProgress' }),
  } as Fault,
  invalidGrant: {
    kind: 'answer',
    status: 400,
    body: JSON.stringify({ error: 'invalid_grant', error_description: 'expired access/refresh token' }),
  } as Fault,
  tokenInProgress: {
    kind: 'answer',
    status: 400,
    body: JSON.stringify({
      error: 'invalid_request',
      error_description: 'Token request is already being processed',
    }),
  } as Fault,
} satisfies { readonly [name: string]: Fault }
