// An HTTPS origin with Go's crypto/tls: HTTP/1.1 and h2, files and uploads. Prints "listening PORT".
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

var versions = map[string]uint16{
	"TLS1.0": tls.VersionTLS10, "TLS1.1": tls.VersionTLS11,
	"TLS1.2": tls.VersionTLS12, "TLS1.3": tls.VersionTLS13,
}

func hash(response http.ResponseWriter, request *http.Request) {
	digest := sha256.New()
	size, err := io.Copy(digest, request.Body)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintf(response, `{"sha256":"%x","size":%d}`, digest.Sum(nil), size)
}

func main() {
	site := flag.String("site", ".", "folder to serve")
	cert := flag.String("cert", "", "chain, PEM")
	key := flag.String("key", "", "key, PEM")
	min := flag.String("min", "TLS1.2", "lowest version")
	max := flag.String("max", "TLS1.3", "highest version")
	h2 := flag.Bool("h2", true, "offer h2")
	clientCa := flag.String("client-ca", "", "ask for client certificates of this authority")
	flag.Parse()

	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   versions[*min], MaxVersion: versions[*max],
		NextProtos: []string{"http/1.1"},
	}
	if *h2 {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	if *clientCa != "" {
		pem, err := os.ReadFile(*clientCa)
		if err != nil {
			log.Fatal(err)
		}
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(pem)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	http.HandleFunc("/hash", hash)
	http.Handle("/", http.FileServer(http.Dir(*site)))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening %d\n", listener.Addr().(*net.TCPAddr).Port)
	server := &http.Server{TLSConfig: config, ErrorLog: log.New(io.Discard, "", 0)}
	if !*h2 {
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	log.Fatal(server.ServeTLS(listener, "", ""))
}
