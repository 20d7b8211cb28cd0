// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// files is the line that the program prints.
type files struct {
	Server     string            `json:"server"`
	CA         string            `json:"ca"`
	Kubeconfig string            `json:"kubeconfig"`
	Audit      string            `json:"audit"`
	Tokens     map[string]string `json:"tokens"`
}

// authority signs certificates; its own is in the file it was made for.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// writeFiles makes what the servers are started with: certificates, tokens, kubeconfigs. Only the key that signs
// service accounts' tokens is kept from an earlier start: the tokens in the store were signed by it.
func writeFiles(users []string, server string) files {
	made := files{
		Server: server, CA: here("ca.crt"), Kubeconfig: here("admin.yaml"), Audit: here("audit.log"),
		Tokens: map[string]string{},
	}
	ca, front := newAuthority("arf-test-ca", "ca.crt"), newAuthority("arf-test-front-ca", "front-ca.crt")
	ca.issue("serving", "kube-apiserver", x509.ExtKeyUsageServerAuth)
	front.issue("front", "front-proxy", x509.ExtKeyUsageClientAuth)
	if _, err := os.Stat("sa.key"); err != nil {
		writeKey("sa.key", newKey())
	}
	var rows strings.Builder
	for number, user := range users {
		made.Tokens[user] = secret()
		groups := map[bool]string{true: `,"system:masters"`}[number < 2]
		fmt.Fprintf(&rows, "%s,%s,%s%s\n", made.Tokens[user], user, user, groups)
	}
	must(os.WriteFile("tokens.csv", []byte(rows.String()), 0o600))
	must(os.WriteFile("audit.yaml", []byte(auditPolicy), 0o600))
	made.writeKubeconfig("admin")
	made.writeKubeconfig("controller-manager")
	return made
}

func (made files) writeKubeconfig(user string) {
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: made.Server, CertificateAuthority: made.CA}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: made.Tokens[user]}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: user}
	config.CurrentContext = "test"
	must(clientcmd.WriteToFile(*config, user+".yaml"))
}

func newAuthority(name, file string) authority {
	key := newKey()
	template := certificate(name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	signed := sign(template, template, key.Public(), key)
	writePEM(file, "CERTIFICATE", signed)
	parsed, err := x509.ParseCertificate(signed)
	must(err)
	return authority{certificate: parsed, key: key}
}

// issue writes file.crt and file.key.
func (ca authority) issue(file, name string, usage x509.ExtKeyUsage) {
	key := newKey()
	template := certificate(name)
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{usage}
	template.DNSNames = []string{"localhost", "kubernetes.default.svc"}
	template.IPAddresses = []net.IP{net.ParseIP("127.0.0.1"), net.ParseIP("10.96.0.1")}
	writePEM(file+".crt", "CERTIFICATE", sign(template, ca.certificate, key.Public(), ca.key))
	writeKey(file+".key", key)
}

func certificate(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	must(err)
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(7 * 24 * time.Hour),
	}
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, by *ecdsa.PrivateKey) []byte {
	signed, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	must(err)
	return signed
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return key
}

func writeKey(file string, key *ecdsa.PrivateKey) {
	encoded, err := x509.MarshalECPrivateKey(key)
	must(err)
	writePEM(file, "EC PRIVATE KEY", encoded)
}

func writePEM(file, kind string, content []byte) {
	must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600))
}

func secret() string {
	random := make([]byte, 16)
	_, err := rand.Read(random)
	must(err)
	return hex.EncodeToString(random)
}
