// An org: one login, one version, one budget, and the one guarded call that everything goes through.
import { pause, retryAfter } from 'dreampipe/waiting'
import { isRefused, networkReason, refusalOf, refused, scrubbed, stop } from './failure.ts'
import { loggingIn, type Login, type Token } from './login.ts'
import { patience, unlessAborted } from './patience.ts'
import { hourly } from './hourly.ts'

/** An org: how to log in, and how much may be asked of it. */
export interface OrgOptions {
  readonly login: Login
  /** API version, pinned: `68.0` unless said. */
  readonly version?: string
  /** Milliseconds without a byte after which a call is given up: 120,000 unless said. */
  readonly timeout?: number
  /**
   * Share of the org's daily API calls, everybody's together, beyond which runs end in good order: 0.8 unless
   * said.
   */
  readonly quota?: number
  /** API calls that all producers of this org may make together in any 24 hours. */
  readonly calls?: number
}

/** An org that several producers share: one session, one budget. Make it with `salesforceOrg`. */
export interface Org {
  readonly version: string
  /** Calls it made in the last 24 hours, and what Salesforce last said of the whole org's. */
  readonly usage: () => { readonly calls: number; readonly used?: number; readonly max?: number }
  readonly call: (request: Call, caller: Caller) => Promise<Reply>
}

export interface Call {
  /** What is being done, for messages: `query Lead`. */
  readonly verb: string
  readonly method?: 'GET' | 'POST' | 'PATCH'
  /** Below `/services/data/vNN.0`, or a whole path from `/services` on. */
  readonly path: string
  readonly headers?: { readonly [name: string]: string }
  readonly body?: string
}

/** Who calls: what may be spent, and when to end. */
export interface Caller {
  readonly signal: AbortSignal
  readonly budget: { readonly left: () => number; readonly spend: (calls: number) => boolean }
}

/** An answer with a status below 300. Read it once: as a text, or chunk by chunk. */
export interface Reply {
  readonly headers: Headers
  /** The server's clock when it answered, in milliseconds. */
  readonly at: number
  readonly text: () => Promise<string>
  readonly chunks: () => AsyncGenerator<Uint8Array>
}

/**
 * Milliseconds after which an org whose quota was used up is asked for one call again: nothing else would
 * tell that its day has passed.
 */
const askedAgain = 5 * 60_000

/** Milliseconds that a `Retry-After` is waited for at most. */
const longestWait = 60_000

/** An org to read from; it logs in when it is first asked. */
export const salesforceOrg = ({
  login,
  version = '68.0',
  timeout = 120_000,
  quota = 0.8,
  calls = Infinity,
}: OrgOptions): Org => {
  const { token, secrets } = loggingIn(login, Math.min(timeout, 60_000))
  const made = hourly()
  let usage: { readonly used: number; readonly max: number; readonly at: number } | undefined
  // When calls may go on, by the process's own clock.
  let quietUntil = 0
  let current: Promise<Token> | undefined

  // One login at a time: whoever comes meanwhile gets the same one.
  const session = (old?: string): Promise<Token> => {
    const held = current
    const next =
      held === undefined
        ? token(old)
        : held.then(
            (had) => (had.accessToken === old ? token(old) : had),
            () => token(old),
          )
    current = next
    return next
  }

  const spend = ({ budget }: Caller): void => {
    if (budget.left() < 1) stop('the run has no calls left')
    if (made.total() >= calls) stop(`all ${calls} calls of 24 hours are spent`)
    if (usage !== undefined && usage.used >= usage.max * quota) {
      if (Math.abs(Date.now() - usage.at) < askedAgain)
        stop(`the org has used ${usage.used} of its ${usage.max} API calls of the day`)
      usage = { ...usage, at: Date.now() }
    }
    budget.spend(1)
    made.add()
  }

  const noteUsage = (headers: Headers): void => {
    const [, used, max] = /api-usage=(\d+)\/(\d+)/.exec(headers.get('sforce-limit-info') ?? '') ?? []
    if (used !== undefined && max !== undefined)
      usage = { used: Number(used), max: Number(max), at: Date.now() }
  }

  const lost = (verb: string, thrown: unknown) =>
    refused(verb, scrubbed(networkReason(thrown), secrets()), { code: 'NETWORK', retry: true })

  const once = async (
    { verb, method = 'GET', path, headers = {}, body }: Call,
    caller: Caller,
    { accessToken, instanceUrl }: Token,
  ): Promise<Reply> => {
    const url = new URL(
      path.startsWith('/services/') ? path : `/services/data/v${version}${path}`,
      instanceUrl,
    )
    spend(caller)
    const wait = patience(timeout, caller.signal)
    const guarded = async <A>(work: () => Promise<A>): Promise<A> => {
      try {
        return await work()
      } catch (thrown) {
        wait.end()
        throw lost(verb, thrown)
      }
    }
    const response = await guarded(() =>
      fetch(url, {
        method,
        headers: { Authorization: `Bearer ${accessToken}`, Accept: 'application/json', ...headers },
        signal: wait.signal,
        redirect: 'error',
        ...(body === undefined ? {} : { body }),
      }),
    )
    noteUsage(response.headers)
    wait.touch()
    if (response.status >= 300) {
      const text = await guarded(() => response.text())
      wait.end()
      const asked = retryAfter(
        response.headers.get('retry-after'),
        Date.parse(response.headers.get('date') ?? '') || Date.now(),
      )
      if (asked > 0)
        quietUntil = Math.max(quietUntil, performance.now() + Math.min(asked, timeout, longestWait))
      throw refusalOf(verb, response.status, scrubbed(text, secrets()))
    }
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      const reader = response.body?.getReader()
      try {
        for (;;) {
          const read = await guarded(async () => reader?.read())
          if (read === undefined || read.done) return
          wait.touch()
          yield read.value
        }
      } finally {
        wait.end()
        await reader?.cancel().catch(() => undefined)
      }
    }
    const text = async (): Promise<string> => {
      const all: Uint8Array[] = []
      await guarded(async () => {
        for await (const bytes of response.body ?? []) {
          wait.touch()
          all.push(bytes)
        }
      })
      wait.end()
      return Buffer.concat(all).toString()
    }
    return { headers: response.headers, at: Date.parse(response.headers.get('date') ?? ''), text, chunks }
  }

  const final = ({ verb }: Call) =>
    refused(verb, 'INVALID_SESSION_ID: the session is refused, also a new one: may this user use the API?', {
      code: 'INVALID_SESSION_ID',
      status: 401,
      retry: false,
    })

  // A server that is busy is left alone by all who share the org, as long as it asked for.
  const quiet = async ({ verb }: Call, { signal }: Caller): Promise<void> => {
    for (let left = quietUntil - performance.now(); left > 0; left = quietUntil - performance.now()) {
      await pause(left, signal)
      if (signal.aborted) throw lost(verb, new Error('the run is to end'))
    }
  }

  const loggedIn = async ({ verb }: Call, { signal }: Caller, old?: string): Promise<Token> => {
    try {
      return await unlessAborted(session(old), signal)
    } catch (thrown) {
      throw signal.aborted ? lost(verb, thrown) : thrown
    }
  }

  const call = async (request: Call, caller: Caller): Promise<Reply> => {
    await quiet(request, caller)
    const held = await loggedIn(request, caller)
    try {
      return await once(request, caller, held)
    } catch (thrown) {
      // The org may have moved to another host: a new login says where to.
      if (isRefused(thrown, 'NETWORK') && /redirect|ENOTFOUND/.test(thrown.message)) current = undefined
      // A session may have ended; one that is refused for what it is would be refused again, and so is a
      // second one.
      if (!isRefused(thrown, 'INVALID_SESSION_ID')) throw thrown
      if (/not valid for use/i.test(thrown.message)) throw final(request)
      const renewed = await loggedIn(request, caller, held.accessToken)
      try {
        return await once(request, caller, renewed)
      } catch (again) {
        throw isRefused(again, 'INVALID_SESSION_ID') ? final(request) : again
      }
    }
  }

  return {
    version,
    call,
    usage: () => ({
      calls: made.total(),
      ...(usage === undefined ? {} : { used: usage.used, max: usage.max }),
    }),
  }
}
