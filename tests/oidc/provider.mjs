// SPDX-License-Identifier: LicenseRef-ARF-Enterprise
// A certified OpenID provider (npm oidc-provider) with two clients: arf-console, that people log in with (code flow,
// PKCE), and robot, a program (client credentials). Its configuration comes as one line of JSON on standard input.
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const [line] = await once(createInterface({ input: process.stdin }), 'line');
const { module, port, jwks, resource, redirect, groups, tenants, secret } = JSON.parse(line);
const { default: Provider } = await import(module);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks,
  clientDefaults: { id_token_signed_response_alg: jwks.keys[0].alg },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
  cookies: { keys: ['only for this test'] },
  clients: [
    {
      client_id: 'arf-console', token_endpoint_auth_method: 'none', redirect_uris: [redirect],
      response_types: ['code'], grant_types: ['authorization_code'], application_type: 'native',
    },
    {
      client_id: 'robot', client_secret: secret, redirect_uris: [], response_types: [], grant_types: ['client_credentials'],
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'openid', audience: 'arf', accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: jwks.keys[0].alg } },
      }),
    },
  },
  extraTokenClaims: () => ({ groups, arf_tenants: tenants }),
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});
provider.listen(port, '127.0.0.1', () => console.log('ready'));
