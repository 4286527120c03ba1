def test_smoke(serve, collected):
    import sys
    sys.path.insert(0,'/work/main/tests/unit/collect')
    import conftest as c
    r = serve(c.Router(answers={"show clock": b"*12:00:00.000 UTC Fri May 1 2026\r\n", "show running-config": b"hostname r1\r\ncrypto isakmp key 0 canary-psk-3 address 192.0.2.1\r\nend\r\n\r\n"}))
    got = collected(c.platform_of("show clock","show running-config"), r)
    print(got.manifest); print(repr(got.text("show running-config"))); print(r.received)
