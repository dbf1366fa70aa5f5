#!/usr/bin/env python3
"""An adapter over REST that keeps a file for each cluster. It needs no libraries.

usage: adapter.py <URL of the REST API> <folder> [<search>]
"""
import json, os, sys, time, urllib.error, urllib.parse, urllib.request

NAME, POLL, MAX_AGE = "files", 5, {True: 1800, False: 10}  # seconds; the age of a report, by Ready
server, folder, search = (*sys.argv[1:], "")[:3]
api, pages, reported = server + "/api/hyperfleet/v1/clusters", {}, {}


def call(method, url, body=None, tag=None):
    """Returns the status, the entity tag and the decoded body of the answer."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ.get("HYPERFLEET_TOKEN", "")}
    if tag:
        headers["If-None-Match"] = tag
    data = json.dumps(body).encode() if body else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
            return answer.status, answer.headers.get("ETag"), json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        if error.code not in (304, 404):
            raise
        return error.code, tag, None


def reconcile(cluster, path):
    """Makes the file what the cluster asks for, and returns what to report."""
    if "deleted_time" in cluster:
        if os.path.exists(path):
            os.remove(path)
        return {"Available": "False", "Finalized": "True"}
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(cluster["spec"], file)
    os.replace(path + ".new", path)  # a crash leaves the old file or the new one
    return {"Available": "True", "Applied": "True"}


def work(id, generation):
    """Reconciles a cluster and reports, if it has a new generation or its report is old."""
    seen, at = reported.get(id, (0, 0))
    age = time.monotonic() - at
    if seen == generation and age < MAX_AGE[False]:
        return
    status, _, cluster = call("GET", f"{api}/{id}")
    if status == 404:
        return
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in cluster["status"]["conditions"])
    if seen == cluster["generation"] and age < MAX_AGE[ready]:
        return
    result = reconcile(cluster, os.path.join(folder, cluster["name"] + ".json"))
    conditions = [{"type": type, "status": status, "reason": "FileKept"} for type, status in result.items()]
    call("PUT", f"{api}/{id}/statuses", {"adapter": NAME, "observed_generation": cluster["generation"], "conditions": conditions})
    reported[id] = cluster["generation"], time.monotonic()


def poll():
    """Looks at every cluster. The server answers 304 for a page that has not changed."""
    token = ""
    while token is not None:
        query = urllib.parse.urlencode({"pageToken": token, "pageSize": 1000, "fields": "id,generation", "search": search})
        status, tag, page = call("GET", f"{api}?{query}", tag=pages.get(token, (None, None))[0])
        if status != 304:
            pages[token] = tag, page
        for row in pages[token][1]["items"]:
            work(row["id"], row["generation"])
        token = pages[token][1].get("nextPageToken")


while True:
    try:
        poll()
    except OSError as error:  # of the file or the network: the next round tries again
        print(error, file=sys.stderr, flush=True)
    time.sleep(POLL)
