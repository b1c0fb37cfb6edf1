<?xml version="1.0" encoding="UTF-8"?>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:qh="http://quyhoach.example.vn" xmlns:xlink="http://www.w3.org/1999/xlink" numberMatched="2" numberReturned="2" timeStamp="2026-11-21T01:30:00Z">
<wfs:member><qh:du_an gml:id="du_an.7"><gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::4326"><gml:lowerCorner>16.80 107.10</gml:lowerCorner><gml:upperCorner>16.81 107.11</gml:upperCorner></gml:Envelope></gml:boundedBy>
 <qh:ma_du_an>00123</qh:ma_du_an><qh:ten>Khu đô thị Nam Đông Hà</qh:ten><qh:loai>du_an</qh:loai><qh:tu_ngay>2024-03-01</qh:tu_ngay>
 <qh:geom><gml:MultiSurface srsName="urn:ogc:def:crs:EPSG::4326" srsDimension="2"><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>16.80 107.10 16.80 107.11 16.81 107.11 16.81 107.10 16.80 107.10</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></qh:geom></qh:du_an></wfs:member>
<wfs:member><qh:vi_pham_xay_dung gml:id="vi_pham_xay_dung.31"><qh:ten>Xây dựng không phép</qh:ten><qh:loai>vi_pham_xay_dung</qh:loai><qh:ngay_phat_hien>2026-11-18T02:20:00Z</qh:ngay_phat_hien>
 <qh:geom><gml:Point srsName="urn:ogc:def:crs:EPSG::9212"><gml:pos>590512.4 1859321.7</gml:pos></gml:Point></qh:geom></qh:vi_pham_xay_dung></wfs:member>
</wfs:FeatureCollection>
