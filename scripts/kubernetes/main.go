// SPDX-License-Identifier: Apache-2.0

// A real Kubernetes control plane for tests, in one process: etcd, kube-apiserver, kube-controller-manager (all at the
// versions of go.mod) and a kubelet that only says that pods run (kubelet.go).
//
//	control-plane --state FOLDER [--users NAME,NAME]
//
//  1. It listens on a free port of the loopback, and prints one line of JSON once it can be used: server; ca,
//     kubeconfig, audit (files); tokens, by the name of the user. admin may do everything; --users names others, who
//     have no rights at first.
//  2. It ends when its standard input does, so it never outlives the test that started it; SIGTERM ends it too.
//  3. The state stays in FOLDER. Started there again it has a new port, CA and tokens: read the line again.
//  4. Every request is in the audit log as metadata, so a test can see which ones were dry runs.

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	apiserveroptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	controlleroptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
)

const (
	startWithin = 2 * time.Minute
	auditPolicy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n"
)

func main() {
	state := flag.String("state", "", "the folder that keeps everything")
	users := flag.String("users", "", "names of further users, separated by commas")
	flag.Parse()
	must(os.MkdirAll(*state, 0o700))
	must(os.Chdir(*state)) // the sockets' names are relative: absolute ones are soon longer than a socket's may be
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	ctx, stop := context.WithCancel(genericapiserver.SetupSignalContext())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // rule 2
		stop()
	}()
	store := startStore()
	defer store.Close()
	serve(ctx, append([]string{"admin", "controller-manager"}, names(*users)...))
}

// serve runs everything else until ctx ends.
func serve(ctx context.Context, users []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	made := writeFiles(users, "https://"+listener.Addr().String())
	ended := make(chan error, 1)
	go func() { ended <- runServer(ctx, listener) }()
	client := made.client("admin")
	await(ctx, "the API server", ended, func() error {
		_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err
	})
	go func() {
		if err := runControllers(ctx); ctx.Err() == nil {
			log.Fatalf("the controllers ended: %v", err)
		}
	}()
	runKubelet(ctx, client)
	await(ctx, "the controllers", ended, func() error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	must(json.NewEncoder(os.Stdout).Encode(made))
	if err := <-ended; err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

// startStore runs etcd on two unix sockets, without syncing: a test's state need not survive a power failure.
func startStore() *embed.Etcd {
	wal.SegmentSizeBytes = 1 << 20
	config := embed.NewConfig()
	config.Dir = "etcd"
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	client, peer := []url.URL{{Scheme: "unix", Host: "etcd.sock:0"}}, []url.URL{{Scheme: "unix", Host: "peer.sock:0"}}
	config.ListenClientUrls, config.AdvertiseClientUrls = client, client
	config.ListenPeerUrls, config.AdvertisePeerUrls = peer, peer
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	store, err := embed.StartEtcd(config)
	must(err)
	<-store.Server.ReadyNotify()
	return store
}

func runServer(ctx context.Context, listener net.Listener) error {
	options := apiserveroptions.NewServerRunOptions()
	parse(options.Flags(), []string{
		"--etcd-servers=unix://etcd.sock:0", "--bind-address=127.0.0.1", "--advertise-address=192.0.2.1",
		"--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=Node,RBAC",
		"--client-ca-file=ca.crt", "--token-auth-file=tokens.csv",
		"--tls-cert-file=serving.crt", "--tls-private-key-file=serving.key",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=sa.key", "--service-account-signing-key-file=sa.key",
		"--requestheader-client-ca-file=front-ca.crt", "--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=front.crt", "--proxy-client-key-file=front.key",
		"--audit-policy-file=audit.yaml", "--audit-log-path=audit.log", "--audit-log-mode=blocking-strict",
		"--shutdown-delay-duration=0s",
	})
	options.SecureServing.Listener = listener
	if err := options.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	completed, err := options.Complete(ctx)
	if err != nil {
		return err
	}
	if problems := completed.Validate(); len(problems) > 0 {
		return fmt.Errorf("the API server's options: %v", problems)
	}
	return apiserver.Run(ctx, completed)
}

func runControllers(ctx context.Context) error {
	options, err := controlleroptions.NewKubeControllerManagerOptions()
	if err != nil {
		return err
	}
	known, off, aliases := controllers.KnownControllers(), controllers.ControllersDisabledByDefault(), controllers.ControllerAliases()
	parse(options.Flags(known, off, aliases), []string{
		"--kubeconfig=controller-manager.yaml", "--leader-elect=false", "--secure-port=0", "--root-ca-file=ca.crt",
		"--service-account-private-key-file=sa.key", "--use-service-account-credentials=true",
		"--controllers=*,-node-lifecycle-controller", "--kube-api-qps=500", "--kube-api-burst=500",
		"--horizontal-pod-autoscaler-sync-period=1s",
	})
	config, err := options.Config(ctx, known, off, aliases)
	if err != nil {
		return err
	}
	return controllers.Run(ctx, config.Complete())
}

func parse(sets cliflag.NamedFlagSets, arguments []string) {
	for _, argument := range arguments {
		name, value, _ := strings.Cut(strings.TrimPrefix(argument, "--"), "=")
		found := false
		for _, set := range sets.FlagSets {
			if set.Lookup(name) != nil {
				must(set.Set(name, value))
				found = true
				break
			}
		}
		if !found {
			log.Fatalf("this Kubernetes has no option --%s", name)
		}
	}
}

func await(ctx context.Context, what string, ended <-chan error, ready func() error) {
	deadline := time.Now().Add(startWithin)
	for err := ready(); err != nil; err = ready() {
		select {
		case <-ctx.Done():
			os.Exit(0)
		case err := <-ended:
			log.Fatalf("%s ended: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			log.Fatalf("%s did not come up within %s: %v", what, startWithin, err)
		}
	}
}

func (made files) client(user string) *kubernetes.Clientset {
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host: made.Server, BearerToken: made.Tokens[user], TLSClientConfig: rest.TLSClientConfig{CAFile: made.CA},
		QPS: 500, Burst: 500,
	})
	must(err)
	return client
}

func names(list string) []string {
	return strings.FieldsFunc(list, func(letter rune) bool { return letter == ',' })
}

func here(name string) string {
	path, err := filepath.Abs(name)
	must(err)
	return path
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
