import MTALink
import Testing

@Test func theFirstVersionIsOne() { #expect(LinkVersion.current == 1) }
