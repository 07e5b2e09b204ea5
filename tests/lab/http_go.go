// SPDX-License-Identifier: BSD-3-Clause
//
// Two requests by Go's net/http over a UNIX socket, on one connection: GET /v1/version, then METHOD
// PATH with BODY and, unless it is empty, the Idempotency-Key KEY. Prints what came of each.
// http_go SOCKET direct|proxy METHOD PATH BODY KEY
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
)

func do(client *http.Client, method, path, body, key string) string {
	request, err := http.NewRequest(method, "http://edge"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return err.Error()
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	return answer.Status
}

func main() {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", os.Args[1])
		},
	}
	if os.Args[2] == "proxy" {
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "edge"})
	}
	client := &http.Client{Transport: transport}
	fmt.Println(do(client, "GET", "/v1/version", "", ""))
	fmt.Println(do(client, os.Args[3], os.Args[4], os.Args[5], os.Args[6]))
}
