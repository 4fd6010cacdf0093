// The token endpoint: client credentials, JWT bearer and refresh tokens, refused as Salesforce refuses them.
import { createPublicKey, createVerify, randomBytes } from 'node:crypto'
import type { Answered } from './faults.ts'

/** Who may log in. */
export interface Client {
  readonly clientId: string
  readonly clientSecret: string
  /** Accepted refresh tokens; a rotated one replaces the one it was used for. */
  readonly refreshToken?: string
  readonly rotate?: boolean
  /** PEM; verifies the assertions of JWT bearer logins. */
  readonly publicKey?: string
  readonly username?: string
}

export interface Sessions {
  readonly token: (form: URLSearchParams, url: string, now: number) => Answered
  readonly isValid: (authorization: string | undefined) => boolean
  /** Ends every session there is. */
  readonly expire: () => void
  readonly issue: () => string
  /** Logins so far. */
  readonly logins: () => number
  readonly refreshToken: () => string | undefined
}

const refused = (error: string, error_description: string): Answered => ({
  status: 400,
  body: JSON.stringify({ error, error_description }),
})
const jwtGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const claimsOf = (
  assertion: string,
  publicKey: string,
): { readonly [claim: string]: unknown } | undefined => {
  const [head = '', body = '', signature = ''] = assertion.split('.')
  if (
    !createVerify('RSA-SHA256')
      .update(`${head}.${body}`)
      .verify(createPublicKey(publicKey), signature, 'base64url')
  )
    return undefined
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as { readonly [claim: string]: unknown }
}

export const sessionsOf = (client: Client): Sessions => {
  const valid = new Set<string>()
  let logins = 0
  let { refreshToken } = client
  const issue = (): string => {
    const token = `00D5g000000Local!AQ${randomBytes(24).toString('hex')}`
    valid.add(token)
    return token
  }
  const grant = (form: URLSearchParams, url: string, now: number): Answered => {
    logins++
    const more: { refresh_token?: string } = {}
    const kind = form.get('grant_type')
    if (form.get('client_id') !== client.clientId && kind !== jwtGrant)
      return refused('invalid_client_id', 'client identifier invalid')
    if (kind === 'client_credentials') {
      if (form.get('client_secret') !== client.clientSecret)
        return refused('invalid_client', 'invalid client credentials')
    } else if (kind === 'refresh_token') {
      if (refreshToken === undefined || form.get('refresh_token') !== refreshToken)
        return refused('invalid_grant', 'expired access/refresh token')
      if (client.rotate === true) more.refresh_token = refreshToken = `5Aep${randomBytes(16).toString('hex')}`
    } else if (kind === jwtGrant) {
      const claims =
        client.publicKey === undefined ? undefined : claimsOf(form.get('assertion') ?? '', client.publicKey)
      const right =
        claims !== undefined &&
        claims['iss'] === client.clientId &&
        claims['sub'] === client.username &&
        claims['aud'] === url &&
        Number(claims['exp']) * 1000 > Date.now()
      if (!right) return refused('invalid_grant', "user hasn't approved this consumer")
    } else return refused('unsupported_grant_type', 'grant type not supported')
    return {
      status: 200,
      body: JSON.stringify({
        access_token: issue(),
        signature: 'c2lnbmF0dXJl',
        scope: 'api',
        instance_url: url,
        id: `${url}/id/00D5g000000LocalEAA/0055g000000LocalAAA`,
        token_type: 'Bearer',
        issued_at: String(now),
        ...more,
      }),
    }
  }
  return {
    token: grant,
    isValid: (authorization) => valid.has((authorization ?? '').replace(/^(Bearer|OAuth) /, '')),
    expire: () => valid.clear(),
    issue,
    logins: () => logins,
    refreshToken: () => refreshToken,
  }
}
