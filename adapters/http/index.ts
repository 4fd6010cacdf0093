// The http adapter: pages of a JSON API with next-page links, as the `pages` of a producer: time limits, and
// failures that say whether to try again.
import { checkOptions, exactJson, type Page, type PageContext } from 'dreampipe'
import { pause, retryAfter } from 'dreampipe/waiting'
import { decoded, encodingOf } from '../reading/text.ts'

/** How pages follow each other, and what is read from each. */
export interface HttpPagesOptions<A, R, C> {
  /** The first page behind a cursor. */
  readonly first: (from: C) => string | URL
  /** The page behind this one; undefined or null ends the run. Relative ones are resolved. */
  readonly next: (answer: A) => string | null | undefined
  readonly records: (answer: A) => readonly R[]
  /** The cursor behind this page. */
  readonly cursor: (answer: A, before: C) => C
  /** How many records there are altogether, where the answer says so. */
  readonly expected?: (answer: A) => number | undefined
  /** Headers of every request; a function is asked each time (a token that expires). */
  readonly headers?:
    | { readonly [name: string]: string }
    | (() => { readonly [name: string]: string } | Promise<{ readonly [name: string]: string }>)
  /** Milliseconds that one request may take; 30,000 unless said. */
  readonly timeout?: number
  /** How the answers' bytes are text, as TextDecoder names it (`latin1`); `utf-8` unless said. */
  readonly encoding?: string
}

// An error that a run tries again, or does not. Neither headers nor a query, which may hold a secret, are in
// its message.
const failed = (url: URL, why: string, retry: boolean, cause?: unknown): Error =>
  Object.assign(
    new Error(`GET ${url.origin}${url.pathname}: ${why}`, cause === undefined ? undefined : { cause }),
    { retry },
  )

// Statuses that another try may not meet: too early, too many, and the server's own.
// https://www.rfc-editor.org/rfc/rfc9110#name-status-codes
const passing = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500

/** Milliseconds that a `Retry-After` is waited for at most. */
const longestWait = 60_000

interface Asking {
  readonly headers: { readonly [name: string]: string }
  readonly timeout: number
  readonly encoding: string
  readonly signal: AbortSignal
}

const get = async <A>(url: URL, { headers, timeout, encoding, signal }: Asking): Promise<A> => {
  const limit = AbortSignal.timeout(timeout)
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json', ...headers },
      signal: AbortSignal.any([signal, limit]),
    })
    if (!response.ok) {
      await response.body?.cancel()
      const asked = retryAfter(
        response.headers.get('retry-after'),
        Date.parse(response.headers.get('date') ?? '') || Date.now(),
      )
      if (passing(response.status)) await pause(Math.min(longestWait, asked), signal)
      throw failed(url, `status ${response.status}`, passing(response.status))
    }
    return exactJson(decoded(`GET ${url.origin}${url.pathname}`, encoding, await response.bytes())) as A
  } catch (thrown) {
    if (signal.aborted || (typeof thrown === 'object' && thrown !== null && 'retry' in thrown)) throw thrown
    throw failed(
      url,
      limit.aborted ? `no answer within ${timeout} ms` : 'no answer that is JSON',
      true,
      thrown,
    )
  }
}

/**
 * The pages of a JSON API: `pages: httpPages({ first, next, records, cursor })` in a `producer`. Each request
 * counts as one call of the run's budget. A number that JavaScript would round comes as an `ExactNumber`. A
 * next link must lead on: not to its own page, and with headers not to another origin.
 * Throws with `retry: true` for what may pass (network, time limit, 408, 425, 429, 5xx), and `retry: false`
 * for what will not: a byte that is no text is one.
 */
export const httpPages = <A, R, C>(options: HttpPagesOptions<A, R, C>) => {
  checkOptions('httpPages', options ?? null)
  const { first, next, records, cursor, expected, headers = {}, timeout = 30_000, encoding } = options
  const known = encodingOf('httpPages', encoding)
  return async function* (from: C, { signal, budget }: PageContext): AsyncGenerator<Page<R, C>> {
    let reached = from
    const hasHeaders = typeof headers === 'function' || Object.keys(headers).length > 0
    for (let url: URL | undefined = new URL(first(from)); url !== undefined;) {
      budget.spend(1)
      const answer: A = await get<A>(url, {
        headers: typeof headers === 'function' ? await headers() : headers,
        timeout,
        encoding: known,
        signal,
      })
      reached = cursor(answer, reached)
      const all = expected?.(answer)
      yield { records: records(answer), cursor: reached, ...(all === undefined ? {} : { expected: all }) }
      const link: string | null | undefined = next(answer)
      const following: URL | undefined = link === null || link === undefined ? undefined : new URL(link, url)
      if (following?.href === url.href) throw failed(url, 'its next link leads to its own page', false)
      // A token is meant for the server that it was given for, and not for whatever its answers name.
      if (hasHeaders && following !== undefined && following.origin !== url.origin)
        throw failed(
          url,
          `its next link leads to another origin, ${following.origin}, and headers are sent to none but ` +
            `their own`,
          false,
        )
      url = following
    }
  }
}
