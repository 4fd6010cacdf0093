// Google's failures as ours: gRPC status codes decide, never messages.
// https://grpc.io/docs/guides/status-codes/
import {
  brokenDown,
  contention,
  notProvisioned,
  unavailable,
  reasonOf,
  type Contention,
  type Infra,
} from '../../model/errors.ts'

export const grpc = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const

export const codeOf = (thrown: unknown): number | undefined => {
  const code: unknown =
    typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'number' ? code : undefined
}

/**
 * What came of a call that failed, for a verb's message; `missing` says what is not there, and the call that
 * makes it.
 */
export const failureOf = (
  verb: string,
  thrown: unknown,
  missing = 'the project, database or resource is not there',
  remedy = 'pipeline.provision()',
): Infra | Contention => {
  const why = reasonOf(thrown)
  switch (codeOf(thrown)) {
    case grpc.notFound:
      return notProvisioned(verb, `${missing} (${why})`, remedy, thrown)
    case grpc.permissionDenied:
    case grpc.unauthenticated:
      return notProvisioned(
        verb,
        `access is denied (${why})`,
        'grant the roles that the README lists under Google Cloud',
        thrown,
      )
    case grpc.aborted:
      return contention(verb, why, thrown)
    case grpc.invalidArgument:
    case grpc.outOfRange:
    case grpc.unimplemented:
      return brokenDown(verb, why, thrown)
    default:
      return unavailable(verb, why, thrown)
  }
}
