// Fetches one URL with Go's net/http; prints one line of JSON: status, http, sha256, size, error.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
)

var versions = map[string]uint16{
	"": 0, "TLS1.0": tls.VersionTLS10, "TLS1.1": tls.VersionTLS11,
	"TLS1.2": tls.VersionTLS12, "TLS1.3": tls.VersionTLS13,
}

type result struct {
	Status int    `json:"status"`
	HTTP   string `json:"http"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Text   string `json:"text"`
}

func fetch(client *http.Client, address, upload string) (*result, error) {
	method, body := "GET", io.Reader(nil)
	if upload != "" {
		file, err := os.Open(upload)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		method, body = "POST", file
	}
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	digest := sha256.New()
	var text head
	size, err := io.Copy(io.MultiWriter(digest, &text), response.Body)
	if err != nil {
		return nil, err
	}
	sum := fmt.Sprintf("%x", digest.Sum(nil))
	return &result{response.StatusCode, response.Proto, sum, size, string(text)}, nil
}

// head keeps the first bytes of what is written.
type head []byte

func (h *head) Write(block []byte) (int, error) {
	if room := 512 - len(*h); room > 0 {
		if room > len(block) {
			room = len(block)
		}
		*h = append(*h, block[:room]...)
	}
	return len(block), nil
}

func main() {
	proxy := flag.String("proxy", "", "URL of the proxy")
	ca := flag.String("ca", "", "trusted authorities, PEM")
	h2 := flag.Bool("h2", false, "offer h2")
	min := flag.String("min", "", "lowest version")
	max := flag.String("max", "", "highest version")
	upload := flag.String("upload", "", "file to POST")
	flag.Parse()

	pool := x509.NewCertPool()
	if pem, err := os.ReadFile(*ca); err == nil {
		pool.AppendCertsFromPEM(pem)
	}
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: pool, MinVersion: versions[*min], MaxVersion: versions[*max]},
		ForceAttemptHTTP2:  *h2,
		DisableCompression: true,
	}
	if *proxy != "" {
		address, err := url.Parse(*proxy)
		if err != nil {
			panic(err)
		}
		transport.Proxy = http.ProxyURL(address)
	}
	got, err := fetch(&http.Client{Transport: transport}, flag.Arg(0), *upload)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(got)
}
