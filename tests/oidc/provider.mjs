// An OpenID provider that is not ours (npm's oidc-provider), for one vault on this machine.
//
//   node provider.mjs MODULES PORT VAULT SECRET ALGORITHM
//
// Its own pages for trying it out let anybody sign in as whom they say.  Says "ready" when it listens.
import { createRequire } from 'node:module'
import { generateKeyPairSync } from 'node:crypto'
import { pathToFileURL } from 'node:url'

const [modules, port, vault, secret, algorithm] = process.argv.slice(2)
const require = createRequire(`${modules}/`)
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')))
const issuer = `http://127.0.0.1:${port}`

const kinds = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
}
const keys = Object.entries(kinds).filter(([name]) => name === 'RS256' || name === algorithm).map(([name, [kind, options]]) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), kid: `key-${name}`, use: 'sig', alg: name,
}))

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'valv',
    client_secret: secret,
    redirect_uris: [`${vault}/oidc/callback`],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    id_token_signed_response_alg: algorithm,
    backchannel_logout_uri: `${vault}/oidc/backchannel-logout`,
    backchannel_logout_session_required: true,
    require_auth_time: true,
  }],
  jwks: { keys },
  cookies: { keys: ['a-key-for-tests'] },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  // Its own guard against calling this machine is left out: the vault stands here.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  pkce: { required: () => true },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
})
provider.on('backchannel.success', () => console.log('logout accepted'))
provider.on('backchannel.error', (ctx, error) => console.log('logout refused', error.message, error.cause))
provider.on('server_error', (ctx, error) => console.log('error', error.stack))
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'))
