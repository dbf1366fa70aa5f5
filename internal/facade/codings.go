/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package facade

import (
	"iter"
	"net/http"
	"strconv"
	"strings"
)

// codings returns the content codings in a header of a request or response, in lower case
// because they are case-insensitive, with their parameters. For a coding with two names
// it returns the name without "x-".
func codings(header http.Header, name string) iter.Seq2[string, string] {
	return func(yield func(coding, parameters string) bool) {
		for _, list := range header[name] {
			for element := range strings.SplitSeq(list, ",") {
				coding, parameters, _ := strings.Cut(element, ";")
				coding = strings.TrimPrefix(strings.ToLower(strings.Trim(coding, " \t")), "x-")
				if coding != "" && !yield(coding, parameters) {
					return
				}
			}
		}
	}
}

// contentCoding returns the first coding of a request's body other than identity, "" for
// none.
func contentCoding(header http.Header) string {
	for coding := range codings(header, "Content-Encoding") {
		if coding != "identity" {
			return coding
		}
	}
	return ""
}

// acceptsGzip reports whether the client accepts gzip and does not prefer uncompressed
// content.
func acceptsGzip(header http.Header) bool {
	gzipped, other, identity := -1.0, -1.0, 0.0
	for coding, parameters := range codings(header, "Accept-Encoding") {
		switch coding {
		case "gzip":
			gzipped = quality(parameters)
		case "identity":
			identity = quality(parameters)
		case "*":
			other = quality(parameters)
		}
	}
	if gzipped < 0 {
		gzipped = other
	}
	return gzipped > 0 && gzipped >= identity
}

// quality returns the q of "q=0.5", 1 for none, and 0 if it is not a number from 0 to 1.
func quality(parameters string) float64 {
	name, value, ok := strings.Cut(strings.Trim(parameters, " \t"), "=")
	if !ok || !strings.EqualFold(strings.Trim(name, " \t"), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.Trim(value, " \t"), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
