// Logging in: client credentials, JWT bearer, a refresh token or a given access token; token requests are
// jsforce's, over a transport that cannot hang.
import { createSign } from 'node:crypto'
import { isDreampipeError, missingDependency } from 'dreampipe'
import { networkReason, refused, scrubbed } from './failure.ts'

/** Client credentials: an external client app with a run-as user; `instanceUrl` is the org's My Domain. */
export interface ClientCredentials {
  readonly instanceUrl: string
  readonly clientId: string
  readonly clientSecret: string
}
/** JWT bearer: the private key (PEM) of the certificate that the app knows. */
export interface JwtBearer {
  readonly loginUrl: string
  readonly clientId: string
  readonly username: string
  readonly privateKey: string
  /** `https://login.salesforce.com` by default, `https://test.salesforce.com` for a sandbox. */
  readonly audience?: string
}
/**
 * A refresh token. Where the org rotates it, `onRefreshToken` gets the new one before it is used: keep it,
 * the old one is void.
 */
export interface RefreshToken {
  readonly loginUrl: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly refreshToken: string
  readonly onRefreshToken?: (token: string) => unknown
}
/**
 * A session of somebody else's: it cannot be renewed. `renew` answers a new access token where there is a
 * way.
 */
export interface AccessToken {
  readonly instanceUrl: string
  readonly accessToken: string
  readonly renew?: () => Promise<string>
}
/** How to log in: by client credentials, a JWT, a refresh token, or with a token that is given. */
export type Login = ClientCredentials | JwtBearer | RefreshToken | AccessToken

export interface Token {
  readonly accessToken: string
  readonly instanceUrl: string
}
export interface LoggingIn {
  /** A new token; asks the token endpoint, except for the first time with a given access token. */
  readonly token: (old?: string) => Promise<Token>
  /** What must never be seen in a message. */
  readonly secrets: () => readonly string[]
}

// jsforce's own transport crashes the process when a connection drops within a body, and never times out.
const post =
  (milliseconds: number) =>
  async ({
    method,
    url,
    headers,
    body,
  }: {
    readonly method: string
    readonly url: string
    readonly headers: { readonly [name: string]: string }
    readonly body: string
  }) => {
    const response = await fetch(url, {
      method,
      headers,
      body,
      signal: AbortSignal.timeout(milliseconds),
      redirect: 'error',
    })
    return { statusCode: response.status, headers: {}, body: await response.text() }
  }

const oauth2Of = async (
  config: { readonly loginUrl: string; readonly clientId: string; readonly clientSecret?: string },
  milliseconds: number,
) => {
  try {
    const { OAuth2 } = await import('jsforce/lib/oauth2.js')
    const oauth2 = new OAuth2(config)
    oauth2._transport = { httpRequest: post(milliseconds) } as unknown as typeof oauth2._transport
    return oauth2
  } catch (thrown) {
    if (
      (thrown as { readonly code?: unknown }).code === 'ERR_MODULE_NOT_FOUND' ||
      (thrown as { readonly code?: unknown }).code === 'MODULE_NOT_FOUND'
    )
      throw missingDependency('salesforce', 'jsforce', thrown)
    throw thrown
  }
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const audienceOf = ({ audience, loginUrl }: JwtBearer): string =>
  audience ??
  (/\/\/test\.|--|\.sandbox\./.test(loginUrl)
    ? 'https://test.salesforce.com'
    : 'https://login.salesforce.com')

const assertionOf = (login: JwtBearer): string => {
  const expires = Math.floor(Date.now() / 1000) + 180
  const claims = { iss: login.clientId, sub: login.username, aud: audienceOf(login), exp: expires }
  const text = `${base64url({ alg: 'RS256' })}.${base64url(claims)}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(login.privateKey, 'base64url')}`
}

/** Logs in as told. `milliseconds` is how long the token endpoint may take. */
export const loggingIn = (login: Login, milliseconds: number): LoggingIn => {
  let refreshToken = 'refreshToken' in login ? login.refreshToken : undefined
  const secrets = new Set<string>()
  const keep = (...texts: readonly (string | undefined)[]): void => {
    for (const text of texts) if (text !== undefined && text !== '') secrets.add(text)
  }
  keep(
    'clientSecret' in login ? login.clientSecret : undefined,
    refreshToken,
    'privateKey' in login ? login.privateKey : undefined,
    'accessToken' in login ? login.accessToken : undefined,
  )

  const granted = async (): Promise<Token> => {
    if ('accessToken' in login) {
      if (login.renew === undefined)
        throw refused(
          'salesforce login',
          'the session has ended, and an access token alone cannot be renewed',
          { code: 'INVALID_SESSION_ID', status: 401, retry: false },
        )
      const accessToken = await login.renew()
      return { accessToken, instanceUrl: login.instanceUrl }
    }
    const oauth2 = await oauth2Of(
      {
        loginUrl: 'loginUrl' in login ? login.loginUrl : login.instanceUrl,
        clientId: login.clientId,
        ...('clientSecret' in login && login.clientSecret !== undefined
          ? { clientSecret: login.clientSecret }
          : {}),
      },
      milliseconds,
    )
    const answer = await (refreshToken !== undefined
      ? oauth2.refreshToken(refreshToken)
      : 'privateKey' in login
        ? oauth2.requestToken({
            grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
            assertion: assertionOf(login),
          })
        : oauth2.requestToken({ grant_type: 'client_credentials' }))
    if (typeof answer?.access_token !== 'string' || typeof answer.instance_url !== 'string')
      throw refused('salesforce login', 'the token endpoint answered no token', {
        code: 'NO_TOKEN',
        retry: true,
      })
    if (
      'refreshToken' in login &&
      answer.refresh_token !== undefined &&
      answer.refresh_token !== refreshToken
    ) {
      keep(answer.refresh_token)
      refreshToken = answer.refresh_token
      await login.onRefreshToken?.(answer.refresh_token)
    }
    return { accessToken: answer.access_token, instanceUrl: answer.instance_url }
  }

  // Most often an environment variable that is not set.
  const [option, address] =
    'loginUrl' in login ? ['loginUrl', login.loginUrl] : ['instanceUrl', login.instanceUrl]
  const token = async (old?: string): Promise<Token> => {
    if (!/^https?:/.test(address) || !URL.canParse(address))
      throw refused(
        'salesforce login',
        `login.${option} is to be an address like https://mycompany.my.salesforce.com, got ` +
          `${JSON.stringify(address ?? null)}`,
        { code: 'NO_ADDRESS', retry: false },
      )
    if ('accessToken' in login && old === undefined)
      return { accessToken: login.accessToken, instanceUrl: login.instanceUrl }
    try {
      const next = await granted()
      keep(next.accessToken)
      return next
    } catch (thrown) {
      if (isDreampipeError(thrown)) throw thrown
      // jsforce names its errors after the endpoint's `error`.
      const { name = '', message = '' } = thrown as { readonly name?: string; readonly message?: string }
      const oauth =
        /^(invalid_|unsupported_|unauthorized_|unknown_|inactive_|access_denied|redirect_uri)/.test(name)
      const why = scrubbed(oauth ? `${name}: ${message}` : networkReason(thrown), [...secrets])
      // Salesforce refuses two refreshes at once; everything else that it says of the credentials stays so.
      throw refused('salesforce login', why, {
        code: oauth ? name : 'NETWORK',
        retry: !oauth || /already being processed/i.test(message),
      })
    }
  }
  return { token, secrets: () => [...secrets] }
}
