// The entry dreampipe/adapters/salesforce: objects of Salesforce as producers; nothing lost, nothing doubled,
// deletes and formulas included.
export { salesforce, type Declared, type Learned, type WireRecord } from './adapter.ts'
export { salesforceOrg, type Org, type OrgOptions } from './org/org.ts'
export { describeFields } from './show.ts'
export type { AccessToken, ClientCredentials, JwtBearer, Login, RefreshToken } from './org/login.ts'
export type { Cursor } from './cursor.ts'
export type { Reading } from './extraction.ts'
